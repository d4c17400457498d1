import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { isShortage } from "../../util/system-error.ts";
import type { RunRecord } from "../types.ts";
import { indexDirs, makeIndexDir, recordFileOf } from "./folders.ts";
import { readPrivateFile, replacePrivateFile } from "./private-files.ts";
import { parseRecord } from "./record.ts";

/** One entry for every run of this user on this host that has not been taken down, whatever its stack. */
export interface IndexEntry {
  readonly run: string;
  readonly dir: string;
  /** As it was at the start: enough to remove the run when its folder has been deleted. */
  readonly record: RunRecord;
}

const entrySchema = z.object({ run: z.string(), dir: z.string(), record: z.unknown() });

export async function addToIndex(entry: IndexEntry): Promise<void> {
  // Passwords stay in the run's own folder.
  const units = entry.record.units.map((unit) => ({ ...unit, urls: {} }));
  const shown: IndexEntry = { ...entry, record: { ...entry.record, units, env: {} } };
  const file = join(await makeIndexDir(), `${entry.run}.json`);
  await replacePrivateFile(file, `${JSON.stringify(shown)}\n`);
}

export async function removeFromIndex(run: string): Promise<void> {
  await Promise.all(indexDirs().map((folder) => rm(join(folder, `${run}.json`), { force: true })));
}

/** What is damaged or another user's is left out: it is nobody's reason to end anything. */
export async function readIndex(): Promise<readonly IndexEntry[]> {
  const files = await Promise.all(indexDirs().map(filesIn));
  const entries = await Promise.all(files.flat().map(readEntry));
  return entries.filter((entry) => entry !== undefined);
}

/** What the index knows of a run; undefined: nothing that can be trusted. */
export async function findInIndex(run: string): Promise<IndexEntry | undefined> {
  return (await readIndex()).find((entry) => entry.run === run);
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(orNothing([]));
  return names.filter((name) => name.endsWith(".json")).map((name) => join(folder, name));
}

async function readEntry(file: string): Promise<IndexEntry | undefined> {
  try {
    const { run, dir, record } = entrySchema.parse(JSON.parse((await readPrivateFile(file)) ?? ""));
    return { run, dir, record: parseRecord(JSON.stringify(record), recordFileOf(dir)) };
  } catch (error) {
    return orNothing(undefined)(error);
  }
}

/** Nothing, unless the machine could not look: then nobody knows. */
function orNothing<T>(nothing: T): (error: unknown) => T {
  return (error) => {
    if (isShortage(error)) throw error;
    return nothing;
  };
}
