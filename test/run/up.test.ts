import { readdir } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RunEvent } from "../../src/journal/events.ts";
import { down } from "../../src/run/down.ts";
import { findRun } from "../../src/run/find.ts";
import { statusOf } from "../../src/run/status.ts";
import { up } from "../../src/run/up.ts";
import { isSame, listProcesses, readEnviron } from "../../src/util/process-table.ts";
import { useFolder } from "./fixtures/folder.ts";
import { server, stackOf } from "./fixtures/stack.ts";

const folder = useFolder();
const process_ = { runtime: "process" } as const;

const textOf = async (url: string) => (await fetch(url)).text();
const marked = (run: string) =>
  listProcesses().filter(({ pid }) => readEnviron(pid)?.["ROLLCALL_RUN"] === run);

test("a stack is up when up returns, its exports lead to it, and nothing is left after down", async () => {
  const stack = stackOf(folder.dir, [server("a"), server("b", { after: ["a"] })], {
    A_URL: [{ service: "a", property: "url", port: undefined }],
  });
  const run = await up(stack, process_);
  expect(run.attached).toBe(false);
  expect(run.service("b").host).toBe("127.0.0.1");
  expect(run.env["A_URL"]).toBe(run.service("a").url());
  expect(await textOf(run.env["A_URL"] ?? "")).toMatch(/^pid \d+$/);
  expect(await run.status()).toMatchObject({
    state: "ready",
    services: [
      { name: "a", state: "ready", level: "query", ports: { http: { host: "127.0.0.1" } } },
      { name: "b", state: "ready" },
    ],
  });
  expect(await run.service("a").logs()).toBe("listening");
  await run.down();
  await run.down();
  expect(marked(run.id)).toEqual([]);
  expect(await findRun(stack)).toBeUndefined();
  expect(await readdir(join(folder.dir, "state", "rollcall", "runs"))).toEqual([]);
});
