import { expect, test } from "vitest";
import type { RunEvent } from "../../src/journal/events.ts";
import { acquireLock } from "../../src/run/lock/lock.ts";
import { up } from "../../src/run/start/up.ts";
import { useFolder } from "./fixtures/folder.ts";
import { processesOf } from "./fixtures/program.ts";
import { server, stackOf } from "./fixtures/stack.ts";

const folder = useFolder();
const patient = { timeout: 30_000 };

test("whoever is to end now takes the stack down all the same, at once and with an audit", async () => {
  const service = server("a", { env: { IGNORE_TERM: "1" } });
  const stack = stackOf(folder.dir, [{ ...service, stop: { signal: "SIGTERM", graceMs: 3_600_000 } }]);
  const now = new AbortController();
  const events: RunEvent[] = [];
  const run = await up(stack, {
    runtime: "process",
    now: now.signal,
    onEvent: (event) => events.push(event),
  });
  now.abort();
  await run.down();
  expect(events).toContainEqual(expect.objectContaining({ type: "audit", leftovers: [] }));
  await expect.poll(() => processesOf(run.id), patient).toEqual([]);
});

test("whoever is to end now does not wait for another command, and leaves the stack to its guard", async () => {
  const stack = stackOf(folder.dir, [server("a")]);
  const now = new AbortController();
  const run = await up(stack, { runtime: "process", now: now.signal });
  const other = await acquireLock({
    stackDir: folder.dir,
    name: "demo",
    doing: "being slow",
    signal: new AbortController().signal,
    onWait: () => {},
  });
  now.abort();
  await expect(run.down()).rejects.toMatchObject({ code: "INTERRUPTED" });
  await other.release();
  await expect.poll(() => processesOf(run.id), patient).toEqual([]);
});
