import { realpathSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Stack } from "../../stack/types.ts";
import type { RunRecord } from "../types.ts";
import { runsDirOf } from "./folders.ts";
import { listFolder } from "./private-files.ts";
import { readRecord } from "./record.ts";
import { hasEnded } from "./users.ts";

/** A run and where it lies. */
export interface FoundRun {
  readonly dir: string;
  readonly record: RunRecord;
}

/** So many ended runs are kept for reading. */
const keptRuns = 10;

/** The run of this stack and name that has not been taken down; undefined: none. Throws STATE_INVALID. */
export async function findRun(
  stack: Pick<Stack, "dir" | "name">,
  options: { readonly name?: string } = {},
): Promise<RunRecord | undefined> {
  return (await findLiveRun(stack, options.name ?? stack.name))?.record;
}

/** Every run of this stack's folder that is still on disk, newest first. Throws STATE_INVALID. */
export async function listRuns(stack: Pick<Stack, "dir">): Promise<readonly RunRecord[]> {
  const { found, damaged } = await readRuns(stack.dir);
  if (damaged[0] !== undefined) throw damaged[0];
  return found.map((run) => run.record);
}

export async function findLiveRun(stack: Pick<Stack, "dir">, name: string): Promise<FoundRun | undefined> {
  const { found, damaged } = await readRuns(stack.dir);
  const live = found.find((run) => run.record.name === name && !hasEnded(run.record));
  // Behind a damaged record something may run: that nothing runs must not be said.
  if (live === undefined && damaged[0] !== undefined) throw damaged[0];
  return live;
}

/** The newest run of this name, ended or not. */
export async function findNewestRun(stack: Pick<Stack, "dir">, name: string): Promise<FoundRun | undefined> {
  const { found } = await readRuns(stack.dir);
  return found.find((run) => run.record.name === name);
}

/** The run of this stack's folder with this id, whatever its name, ended or not. */
export async function findRunById(stack: Pick<Stack, "dir">, id: string): Promise<FoundRun | undefined> {
  const { found } = await readRuns(stack.dir);
  return found.find((run) => run.record.run === id);
}

/** Removes the folders of runs that have ended, save the newest ones; those that can't be seen stay. */
export async function pruneRuns(stackDir: string): Promise<void> {
  const { found } = await readRuns(stackDir).catch(() => ({ found: [] }));
  const old = found.filter((run) => hasEnded(run.record)).slice(keptRuns);
  for (const run of old) await rm(run.dir, { recursive: true, force: true });
}

/** The one path of a stack's folder, by whatever way it was named. */
export function realStackDir(dir: string): string {
  try {
    return realpathSync(dir);
  } catch {
    return dir;
  }
}

async function readRuns(stackDir: string) {
  const folder = runsDirOf(realStackDir(stackDir));
  const ids = await listFolder(folder);
  const found: FoundRun[] = [];
  const damaged: unknown[] = [];
  for (const id of ids) {
    const dir = join(folder, id);
    try {
      const record = await readRecord(dir);
      if (record !== undefined) found.push({ dir, record });
    } catch (error) {
      damaged.push(error);
    }
  }
  found.sort((a, b) => b.record.startedAt.localeCompare(a.record.startedAt));
  return { found, damaged };
}
