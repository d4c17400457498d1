import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RunEvent } from "../../src/journal/events.ts";
import { verifyJournal } from "../../src/journal/verify.ts";
import { down } from "../../src/run/end/down.ts";
import { sweep } from "../../src/run/end/sweep.ts";
import { statusOf } from "../../src/run/look/status.ts";
import { up } from "../../src/run/start/up.ts";
import { findRun } from "../../src/run/state/find.ts";
import { recordFileOf } from "../../src/run/state/folders.ts";
import { readRecord, writeRecord } from "../../src/run/state/record.ts";
import { addToIndex, findInIndex, type IndexEntry } from "../../src/run/state/run-index.ts";
import type { RunRecord, UpOptions } from "../../src/run/types.ts";
import { ownerOfThisProcess } from "../../src/util/owner.ts";
import { identify } from "../../src/util/process-table.ts";
import { useFolder } from "./fixtures/folder.ts";
import { processesOf } from "./fixtures/program.ts";
import { server, stackOf } from "./fixtures/stack.ts";

const folder = useFolder();
const onProcesses: UpOptions = { runtime: "process" };
const textOf = async (url: string) => (await fetch(url)).text();
const pidOf = async (url: string) => Number((await textOf(url)).slice(4));
const dead = { ...ownerOfThisProcess(), startTime: "1" };

async function expectGone(run: string): Promise<void> {
  await expect.poll(() => processesOf(run), { timeout: 30_000 }).toEqual([]);
}

test("the end of a service while the run is used is told at once, with its cause", async () => {
  const stack = stackOf(folder.dir, [server("a"), server("b")]);
  const run = await up(stack, onProcesses);
  process.kill(await pidOf(run.service("b").url()), "SIGKILL");
  await expect(run.failed).rejects.toMatchObject({
    code: "SERVICE_DIED",
    service: "b",
    report: { signal: "SIGKILL", logTail: ["listening"] },
  });
  expect(await run.status()).toMatchObject({ state: "failed", services: [{}, { state: "exited" }] });
  await run.down();
  await expectGone(run.id);
});

test.each(["by somebody", "by its user"])(
  "a service killed %s right before the end has its end told",
  async (by) => {
    const events: RunEvent[] = [];
    const stack = stackOf(folder.dir, [server("a"), server("b")]);
    const run = await up(stack, { ...onProcesses, onExit: "report", onEvent: (event) => events.push(event) });
    if (by === "by its user") await run.service("b").kill();
    else {
      const pid = await pidOf(run.service("b").url());
      process.kill(pid, "SIGKILL");
      // Nothing but the kernel has been asked yet when the end begins.
      while (identify(pid) !== undefined);
    }
    await run.down();
    expect(verifyJournal(events)).toEqual([]);
    const ends = events.filter(({ type }) => type === "service.exited" || type === "stop.done");
    expect(ends.map((event) => ("service" in event ? event.service : ""))).toEqual(["b", "a"]);
  },
);

test("with the policy to report, the end of a service is an event and no failure", async () => {
  const events: RunEvent[] = [];
  const stack = stackOf(folder.dir, [server("a")]);
  const run = await up(stack, { ...onProcesses, onExit: "report", onEvent: (event) => events.push(event) });
  let failed = false;
  run.failed.catch(() => {
    failed = true;
  });
  process.kill(await pidOf(run.service("a").url()), "SIGKILL");
  await expect
    .poll(() => events, { timeout: 30_000 })
    .toContainEqual(expect.objectContaining({ type: "service.exited", service: "a", expected: false }));
  await run.down();
  expect(failed).toBe(false);
});

test("a killed service comes back by restart on its port, and neither counts as a failure", async () => {
  const stack = stackOf(folder.dir, [server("a"), server("b")]);
  const run = await up(stack, onProcesses);
  let failed = false;
  run.failed.catch(() => {
    failed = true;
  });
  const url = run.service("a").url();
  const before = await textOf(url);
  expect(await run.service("a").kill()).toMatchObject({ signal: "SIGKILL" });
  await expect(fetch(url)).rejects.toThrow();
  await run.service("a").restart();
  expect(await textOf(url)).not.toBe(before);
  await run.service("b").restart();
  expect(await run.status()).toMatchObject({ state: "ready" });
  const attached = await up(stack);
  expect(attached.attached).toBe(true);
  await attached.down();
  await run.down();
  expect(failed).toBe(false);
  await expectGone(run.id);
});

test("a paused service does not answer until it is resumed", async () => {
  const stack = stackOf(folder.dir, [server("a")]);
  const run = await up(stack, onProcesses);
  await run.service("a").pause();
  const answer = textOf(run.service("a").url());
  expect(await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 300, "silence"))])).toBe(
    "silence",
  );
  await run.service("a").resume();
  expect(await answer).toMatch(/^pid/);
  await run.down();
});

test("a command runs in a service's place, and unknown services and ports are refused by name", async () => {
  const run = await up(stackOf(folder.dir, [server("a")]), onProcesses);
  const result = await run.service("a").exec([process.execPath, "-e", "console.log(1+1); process.exit(3)"]);
  expect(result).toMatchObject({ exitCode: 3, output: "2\n" });
  expect(() => run.service("z")).toThrow("it has: a");
  expect(() => run.service("a").url("admin")).toThrow("it has: http");
  await run.down();
});

test("events are those from the first on, and end with the run", async () => {
  const run = await up(stackOf(folder.dir, [server("a")]), onProcesses);
  const types: string[] = [];
  const reading = (async () => {
    for await (const event of run.events()) types.push(event.type);
  })();
  await run.down();
  await reading;
  expect(types[0]).toBe("run.started");
  expect(types).toContain("gate.opened");
  expect(types.at(-1)).toBe("run.stopped");
});

test("a run that another command takes down is told to its users as that", async () => {
  const stack = stackOf(folder.dir, [server("a")]);
  const run = await up(stack, onProcesses);
  await down(stack);
  await expect(run.failed).rejects.toThrow("taken down by another command");
  await run.down();
  await expectGone(run.id);
});

test("down ends at once what ignores its signal when it is asked a second time", async () => {
  const service = server("a", { env: { IGNORE_TERM: "1" } });
  const stack = stackOf(folder.dir, [{ ...service, stop: { signal: "SIGTERM", graceMs: 3_600_000 } }]);
  const run = await up(stack, { ...onProcesses, stay: true });
  await run.down();
  const now = new AbortController();
  const events: RunEvent[] = [];
  await down(stack, {
    now: now.signal,
    onEvent: (event) => {
      events.push(event);
      if (event.type === "stop.requested") now.abort();
    },
  });
  expect(events.at(-1)?.type).toBe("run.stopped");
  await expectGone(run.id);
});

test("a stale record whose pid is another process by now ends nothing of it", async () => {
  const stack = stackOf(folder.dir, [server("a")]);
  const run = await up(stack, { ...onProcesses, stay: true });
  await run.down();
  const foreign = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000); console.log(1)"]);
  await once(foreign.stdout, "data");
  const { dir } = run;
  const record = (await readRecord(dir)) as RunRecord;
  const startTime = identify(foreign.pid ?? 0)?.startTime;
  const { pid } = record.units[0]?.instance?.incarnation ?? {};
  await writeFile(
    recordFileOf(dir),
    JSON.stringify(record).replaceAll(`"pid":${pid}`, `"pid":${foreign.pid}`),
  );
  expect(await statusOf(stack)).toMatchObject({ state: "failed" });
  await down(stack);
  expect(identify(foreign.pid ?? 0)?.startTime).toBe(startTime);
  await expectGone(run.id);
  foreign.kill("SIGKILL");
});

test("a damaged record is refused by up and down, and nothing is ended because of it", async () => {
  const stack = stackOf(folder.dir, [server("a")]);
  const run = await up(stack, { ...onProcesses, stay: true });
  await run.down();
  const file = recordFileOf(run.dir);
  const whole = await readFile(file, "utf8");
  await writeFile(file, whole.slice(0, 300));
  const refusal = { code: "STATE_INVALID", message: expect.stringContaining(file) };
  await expect(down(stack)).rejects.toMatchObject(refusal);
  await expect(up(stack)).rejects.toMatchObject(refusal);
  expect(await sweep({ all: true })).toEqual([]);
  expect(await textOf(run.service("a").url())).toMatch(/^pid/);
  await writeFile(file, whole);
  await down(stack);
  await expectGone(run.id);
});

test("sweep removes what a dead owner has left, of any stack, and leaves alone what is to stay", async () => {
  const stack = stackOf(folder.dir, [server("a")]);
  const staying = await up(stack, { ...onProcesses, stay: true, name: "staying" });
  await staying.down();
  // As if the owner and the guard of a run had died together.
  const left = await up(stack, { ...onProcesses, stay: true, name: "left" });
  await left.down();
  const record = (await readRecord(left.dir)) as RunRecord;
  await writeRecord(left.dir, { ...record, stay: false, owner: dead, users: [{ id: "x", owner: dead }] });
  expect(await sweep()).toMatchObject([{ run: left.id, name: "left" }]);
  await expectGone(left.id);
  expect(await statusOf(stack, { name: "staying" })).toMatchObject({ state: "ready" });
  expect(await sweep({ all: true })).toEqual([]);
  await down(stack, { name: "staying" });
});

test("what an earlier boot has left is removed by the next up of any stack", async () => {
  const stack = stackOf(folder.dir, [server("a")]);
  const run = await up(stack, { ...onProcesses, stay: true });
  await run.down();
  const record = (await readRecord(run.dir)) as RunRecord;
  await writeRecord(run.dir, { ...record, owner: { ...record.owner, bootId: "another" } });
  const other = await up({ ...stack, dir: join(folder.dir, "."), name: "other" }, onProcesses);
  await expectGone(run.id);
  expect(await findRun(stack)).toBeUndefined();
  await other.down();
});

test("a run whose folder was deleted is still taken down by its user", async () => {
  const stack = stackOf(folder.dir, [server("a")]);
  const run = await up(stack, onProcesses);
  await rm(join(folder.dir, ".rollcall"), { recursive: true });
  await run.down();
  await expectGone(run.id);
});

test("a run whose folder was deleted is found by the index, and swept once its owner is dead", async () => {
  const stack = stackOf(folder.dir, [server("a")]);
  const run = await up(stack, { ...onProcesses, stay: true });
  await run.down();
  const entry = (await findInIndex(run.id)) as IndexEntry;
  await rm(join(folder.dir, ".rollcall"), { recursive: true });
  expect(await sweep()).toEqual([]);
  await addToIndex({ ...entry, record: { ...entry.record, owner: dead, users: [{ id: "x", owner: dead }] } });
  expect(await sweep()).toMatchObject([{ run: run.id }]);
  await expectGone(run.id);
});
