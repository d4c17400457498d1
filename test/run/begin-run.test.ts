import { afterEach, beforeEach, expect, test } from "vitest";
import { up } from "../../src/run/start/up.ts";
import { listRuns } from "../../src/run/state/find.ts";
import type { Stack } from "../../src/stack/types.ts";
import { useFolder } from "./fixtures/folder.ts";
import { silentEngine } from "./fixtures/silent-engine.ts";
import { server, stackOf } from "./fixtures/stack.ts";

const folder = useFolder();
const host = process.env["DOCKER_HOST"];
let stack: Stack;
let asked: Promise<void>;
beforeEach(async () => {
  const engine = await silentEngine(folder.dir);
  asked = engine.asked;
  process.env["DOCKER_HOST"] = engine.address;
  stack = stackOf(folder.dir, [server("a")]);
});
afterEach(() => {
  if (host === undefined) delete process.env["DOCKER_HOST"];
  else process.env["DOCKER_HOST"] = host;
});

test("the wait for an engine's first answer ends when the start is called off", async () => {
  const controller = new AbortController();
  const starting = up(stack, { runtime: "docker", signal: controller.signal });
  await asked;
  controller.abort();
  const beganMs = performance.now();
  await expect(starting).rejects.toMatchObject({ code: "INTERRUPTED" });
  expect(performance.now() - beganMs).toBeLessThan(10_000);
  expect(await listRuns(stack)).toEqual([]);
});

test("the wait for an engine's first answer is part of the start's deadline", async () => {
  const beganMs = performance.now();
  await expect(up(stack, { runtime: "docker", timeoutMs: 1000 })).rejects.toMatchObject({
    code: "RUNTIME_UNAVAILABLE",
    message: expect.stringContaining("did not answer"),
  });
  expect(performance.now() - beganMs).toBeLessThan(10_000);
});
