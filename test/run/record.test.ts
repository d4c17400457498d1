import { lstat, mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findLiveRun, listRuns, pruneRuns } from "../../src/run/state/find.ts";
import { makeRunDir, newRunId, recordFileOf, tempDirOf } from "../../src/run/state/folders.ts";
import { readRecord, writeRecord } from "../../src/run/state/record.ts";
import type { RunRecord } from "../../src/run/types.ts";
import { ownerOfThisProcess } from "../../src/util/owner.ts";
import { tempFolder } from "./fixtures/stack.ts";

let folder: Awaited<ReturnType<typeof tempFolder>>;
beforeEach(async () => {
  folder = await tempFolder();
});
afterEach(() => folder.remove());

function recordOf(run: string, changes: Partial<RunRecord> = {}): RunRecord {
  return {
    version: 1,
    run,
    stack: "demo",
    name: "demo",
    definition: "0",
    runtime: "process",
    order: "sequential",
    ports: "fixed",
    state: "ready",
    stay: false,
    owner: ownerOfThisProcess(),
    users: [],
    stackDir: folder.dir,
    startedAt: "2026-01-01T00:00:00.000Z",
    readyMs: 12,
    tempDir: tempDirOf(run),
    units: [],
    env: { URL: "http://127.0.0.1:1" },
    ...changes,
  };
}

async function written(changes: Partial<RunRecord> = {}): Promise<{ dir: string; record: RunRecord }> {
  const run = newRunId();
  const dir = await makeRunDir(folder.dir, run);
  const record = recordOf(run, changes);
  await writeRecord(dir, record);
  return { dir, record };
}

test("a record is read as it was written, from a private file in a private, ignored folder", async () => {
  const { dir, record } = await written();
  expect(await readRecord(dir)).toEqual(record);
  expect((await lstat(recordFileOf(dir))).mode & 0o777).toBe(0o600);
  for (const path of [dir, join(dir, "logs"), join(folder.dir, ".rollcall")])
    expect((await lstat(path)).mode & 0o777).toBe(0o700);
  expect(await readFile(join(folder.dir, ".rollcall", ".gitignore"), "utf8")).toBe("*\n");
});

test("ids are RFC 1123 labels and never the same", () => {
  const ids = Array.from({ length: 1000 }, newRunId);
  expect(new Set(ids).size).toBe(1000);
  for (const id of ids) expect(id).toMatch(/^r[a-z2-7]{16}$/);
});

test.each([
  ["cut off", (text: string) => text.slice(0, text.length / 2)],
  ["empty", () => ""],
  ["of another version", (text: string) => text.replace('"version": 1', '"version": 2')],
  ["with a pid that is none", (text: string) => text.replace(/"pid": \d+/, '"pid": -1')],
  ["with a key that is not ours", (text: string) => text.replace('"run":', '"extra": 1, "run":')],
  ["with a foreign temporary folder", (text: string) => text.replace(/"tempDir": ".*"/, '"tempDir": "/etc"')],
  ["of another run", (text: string) => text.replace(/"run": ".*"/, '"run": "raaaaaaaaaaaaaaaa"')],
])("a record that is %s is refused and named", async (_what, change) => {
  const { dir } = await written();
  const file = recordFileOf(dir);
  await writeFile(file, change(await readFile(file, "utf8")));
  const refusal = { code: "STATE_INVALID", message: expect.stringContaining(file) };
  await expect(readRecord(dir)).rejects.toMatchObject(refusal);
  await expect(findLiveRun({ dir: folder.dir }, "demo")).rejects.toMatchObject(refusal);
});

test("a symlink in place of the record or of the state folder is refused", async () => {
  const { dir } = await written();
  const file = recordFileOf(dir);
  await rename(file, `${file}.real`);
  await symlink(`${file}.real`, file);
  await expect(readRecord(dir)).rejects.toMatchObject({ code: "STATE_INVALID" });

  const other = join(folder.dir, "other");
  await mkdir(other);
  await symlink(join(folder.dir, ".rollcall"), join(other, ".rollcall"));
  await expect(makeRunDir(other, newRunId())).rejects.toMatchObject({ code: "STATE_INVALID" });
});

test("a pipe in place of the record is refused, not waited for", async () => {
  const { dir } = await written();
  const file = recordFileOf(dir);
  await rm(file);
  await mkdir(file);
  await expect(readRecord(dir)).rejects.toMatchObject({ code: "STATE_INVALID" });
});

test("only ended runs are pruned, and the ten newest of them are kept", async () => {
  const live = await written({ startedAt: "2025-01-01T00:00:00.000Z" });
  for (let day = 10; day < 25; day += 1)
    await written({ state: "stopped", startedAt: `2026-01-${day}T00:00:00.000Z` });
  await pruneRuns(folder.dir);
  const kept = await listRuns({ dir: folder.dir });
  expect(kept).toHaveLength(11);
  expect(kept.map((record) => record.startedAt.slice(8, 10))).toEqual([
    ...Array.from({ length: 10 }, (_, index) => String(24 - index)),
    "01",
  ]);
  expect(kept.at(-1)?.run).toBe(live.record.run);
});

test.runIf(process.getuid?.() === 0)("runs of another user that can't be seen are not nobody's", async () => {
  const { record } = await written();
  process.seteuid?.(65_534);
  try {
    await expect(findLiveRun({ dir: folder.dir }, record.name)).rejects.toMatchObject({
      code: "STATE_INVALID",
      message: expect.stringContaining("belongs to another user"),
    });
  } finally {
    process.seteuid?.(0);
  }
});
