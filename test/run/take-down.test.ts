import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunEvent } from "../../src/journal/events.ts";
import { down } from "../../src/run/end/down.ts";
import { sweep } from "../../src/run/end/sweep.ts";
import { up } from "../../src/run/start/up.ts";
import { findRun } from "../../src/run/state/find.ts";
import { journalFileOf } from "../../src/run/state/folders.ts";
import { readRecord, writeRecord } from "../../src/run/state/record.ts";
import type { RunRecord, UpOptions } from "../../src/run/types.ts";
import { ownerOfThisProcess } from "../../src/util/owner.ts";
import { bundlePrograms } from "./fixtures/bundle.ts";
import { useFolder } from "./fixtures/folder.ts";
import { processesOf, startProgram } from "./fixtures/program.ts";
import { mayMount, useSmallDisk } from "./fixtures/small-disk.ts";
import { server, stackOf } from "./fixtures/stack.ts";

const folder = useFolder();
const disk = useSmallDisk(folder);
const ifRoot = test.skipIf(!mayMount);
const onProcesses: UpOptions = { runtime: "process" };
const dead = { ...ownerOfThisProcess(), startTime: "1" };

let programs: Awaited<ReturnType<typeof bundlePrograms>>;
beforeAll(async () => {
  programs = await bundlePrograms();
});
afterAll(() => programs.remove());

async function expectGone(run: string): Promise<void> {
  await expect.poll(() => processesOf(run), { timeout: 30_000 }).toEqual([]);
}

const notesOf = (events: readonly RunEvent[]) =>
  events.flatMap((event) => (event.type === "note" ? [event.text] : []));

ifRoot(
  "on a full disk the last user takes the stack down, and the next start finds nothing in its way",
  async () => {
    const stack = stackOf(folder.dir, [server("a"), server("b")]);
    const events: RunEvent[] = [];
    const run = await up(stack, { ...onProcesses, onEvent: (event) => events.push(event) });
    disk.fill();
    await run.down();
    await expectGone(run.id);
    expect(events).toContainEqual(expect.objectContaining({ type: "audit", leftovers: [] }));
    expect(notesOf(events)).toContainEqual(
      expect.stringMatching(/^nothing is left, but the record .*ENOSPC/),
    );
    disk.empty();
    const next = await up(stack, onProcesses);
    expect(next.attached).toBe(false);
    await next.down();
  },
);

ifRoot("on a full disk a stack that is to stay is taken down by whoever asks for it", async () => {
  const stack = stackOf(folder.dir, [server("a")]);
  const run = await up(stack, { ...onProcesses, stay: true });
  disk.fill();
  await run.down();
  expect(await down(stack)).toEqual({ was: "up" });
  await expectGone(run.id);
});

ifRoot("on a disk that has become read-only a stack is taken down by whoever asks for it", async () => {
  const stack = stackOf(folder.dir, [server("a")]);
  const run = await up(stack, { ...onProcesses, stay: true });
  await run.down();
  const makeWritable = disk.makeReadOnly();
  const events: RunEvent[] = [];
  try {
    expect(await down(stack, { onEvent: (event) => events.push(event) })).toEqual({ was: "up" });
  } finally {
    makeWritable();
  }
  await expectGone(run.id);
  expect(notesOf(events)).toContainEqual(expect.stringMatching(/^nothing is left, but the record .*EROFS/));
});

ifRoot("on a full disk a failed start leaves nothing", async () => {
  const stack = stackOf(folder.dir, [server("a"), server("b", { env: { EXIT_CODE: "7" } })]);
  let id = "";
  const starting = up(stack, {
    ...onProcesses,
    onEvent: (event) => {
      if (event.type === "run.started") id = event.run;
      if (event.type === "start.done" && event.service === "b") disk.fill();
    },
  });
  await expect(starting).rejects.toMatchObject({ code: "EXITED_EARLY", service: "b" });
  await expectGone(id);
});

ifRoot("on a full disk a killed owner's run is removed by its guard", async () => {
  const stack = stackOf(folder.dir, [server("a")]);
  const program = startProgram(programs.program("user"), { stack, ending: "stay" });
  const { ready = "" } = await program.said("ready");
  disk.fill();
  program.child.kill("SIGKILL");
  await expectGone(ready);
});

ifRoot("on a full disk what a dead owner has left is swept", async () => {
  const stack = stackOf(folder.dir, [server("a")]);
  const run = await up(stack, { ...onProcesses, stay: true });
  await run.down();
  const record = (await readRecord(run.dir)) as RunRecord;
  await writeRecord(run.dir, { ...record, stay: false, owner: dead, users: [] });
  disk.fill();
  expect(await sweep()).toMatchObject([{ run: run.id }]);
  await expectGone(run.id);
  disk.empty();
  await sweep();
  expect(await findRun(stack)).toBeUndefined();
});

test("a damaged journal does not keep a stack from being taken down, and is told", async () => {
  const stack = stackOf(folder.dir, [server("a")]);
  const run = await up(stack, { ...onProcesses, stay: true });
  await run.down();
  await writeFile(journalFileOf(run.dir), "no event\n");
  const events: RunEvent[] = [];
  expect(await down(stack, { onEvent: (event) => events.push(event) })).toEqual({ was: "up" });
  expect(notesOf(events)).toContainEqual(expect.stringContaining("line 1 is not an event"));
  await expectGone(run.id);
});
