import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { down } from "../../src/run/end/down.ts";
import { statusOf } from "../../src/run/look/status.ts";
import { up } from "../../src/run/start/up.ts";
import { findRun } from "../../src/run/state/find.ts";
import type { Service } from "../../src/stack/types.ts";
import { identify } from "../../src/util/process-table.ts";
import { useFolder } from "./fixtures/folder.ts";
import { server, stackOf } from "./fixtures/stack.ts";

const folder = useFolder();

function oneShot(name: string, script: string): Service {
  const argv = [process.execPath, "-e", script].map((text) => [text]);
  const process_ = { kind: "command", argv, cwd: tmpdir() } as const;
  return {
    ...server(name),
    ports: [],
    env: {},
    process: process_,
    ready: { kind: "running" },
    mayComplete: true,
  };
}

test("a one-shot that has done its work is completed for other commands too, also after the next up", async () => {
  const stack = stackOf(folder.dir, [oneShot("once", "process.stdin.on('data', () => {})"), server("a")]);
  const run = await up(stack, { runtime: "process", stay: true });
  const stateOf = async () => (await findRun(stack))?.units[0]?.state;
  await expect.poll(stateOf, { timeout: 30_000 }).toBe("completed");
  const expected = { state: "ready", services: [{ state: "completed", observed: "exit code 0" }, {}] };
  expect(await statusOf(stack)).toMatchObject(expected);
  await run.down();
  const next = await up(stack);
  expect(next.id).toBe(run.id);
  expect(await next.status()).toMatchObject(expected);
  await next.down();
  await down(stack);
});

test("a one-shot that ends right before its last user leaves is noted as completed", async () => {
  const stack = stackOf(folder.dir, [oneShot("once", ""), server("a")]);
  const run = await up(stack, { runtime: "process", stay: true });
  const { pid = 0 } = (await findRun(stack))?.units[0]?.instance?.incarnation ?? {};
  // Nothing but the kernel has been asked yet when the end begins.
  while (identify(pid) !== undefined);
  await run.down();
  expect(await statusOf(stack)).toMatchObject({ state: "ready", services: [{ state: "completed" }, {}] });
  await down(stack);
});
