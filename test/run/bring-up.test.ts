import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { up } from "../../src/run/start/up.ts";
import { findRun, listRuns } from "../../src/run/state/find.ts";
import { makeRunDir, newRunId, runDirOf, tempDirOf } from "../../src/run/state/folders.ts";
import { readRecord, writeRecord } from "../../src/run/state/record.ts";
import type { RunRecord } from "../../src/run/types.ts";
import { useFolder } from "./fixtures/folder.ts";
import { processesOf } from "./fixtures/program.ts";
import { mayMount, useSmallDisk } from "./fixtures/small-disk.ts";
import { server, stackOf } from "./fixtures/stack.ts";

const folder = useFolder();
const disk = useSmallDisk(folder);
const ifRoot = test.skipIf(!mayMount);

ifRoot(
  "a disk that is full for a moment during a start does not keep the stack from getting up",
  async () => {
    const stack = stackOf(folder.dir, [server("a"), server("b")]);
    const run = await up(stack, {
      runtime: "process",
      onEvent: (event) => {
        if (event.type === "start.done" && event.service === "a") disk.fill();
        if (event.type === "gate.opened" && event.service === "b") disk.empty();
      },
    });
    expect(await findRun(stack)).toMatchObject({
      run: run.id,
      state: "ready",
      units: [
        { state: "ready", instance: { unit: "a" } },
        { state: "ready", instance: { unit: "b" } },
      ],
    });
    await run.down();
  },
);

ifRoot("a stack whose record cannot be written once every gate is open is taken down again", async () => {
  const stack = stackOf(folder.dir, [server("a")]);
  const starting = up(stack, {
    runtime: "process",
    onEvent: (event) => {
      if (event.type === "gate.opened") disk.fill();
    },
  });
  await expect(starting).rejects.toMatchObject({ message: expect.stringContaining("ENOSPC") });
  const [record] = await listRuns(stack);
  await expect.poll(() => processesOf(record?.run ?? "-"), { timeout: 30_000 }).toEqual([]);
});

ifRoot("an old run whose folder cannot be removed does not keep the stack from getting up", async () => {
  const stack = stackOf(folder.dir, [server("a")]);
  const first = await up(stack, { runtime: "process" });
  await first.down();
  const old = (await readRecord(first.dir)) as RunRecord;
  const ids = Array.from({ length: 11 }, newRunId);
  for (const run of ids) {
    const startedAt = "2026-01-01T00:00:00.000Z";
    const dir = await makeRunDir(folder.dir, run);
    await writeRecord(dir, { ...old, run, startedAt, tempDir: tempDirOf(run) });
    execFileSync("mount", ["--bind", join(dir, "logs"), join(dir, "logs")]);
  }
  const next = await up(stack, { runtime: "process" });
  for (const run of ids) execFileSync("umount", [join(runDirOf(folder.dir, run), "logs")]);
  await next.down();
});
