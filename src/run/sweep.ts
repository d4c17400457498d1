import { lstat } from "node:fs/promises";
import { hostname } from "node:os";
import { ownerAlive } from "../util/process-table.ts";
import { isAbsence } from "../util/system-error.ts";
import { removeAbandoned } from "./abandon.ts";
import { identityOf } from "./identity.ts";
import { acquireLock, type Lock } from "./lock.ts";
import { readRecord } from "./record.ts";
import { type IndexEntry, readIndex, removeFromIndex } from "./run-index.ts";
import { openRuntimeOf } from "./runtimes.ts";
import { sweepEngines } from "./sweep-engines.ts";
import { adoptAll } from "./take-down.ts";
import type { RunRecord } from "./types.ts";
import { hasEnded, isAbandoned, livingUsers } from "./users.ts";

export interface Swept {
  readonly run: string;
  readonly stack: string;
  readonly name: string;
  readonly dir: string;
}

/**
 * Removes the runs of this user on this host that nobody is responsible for any more, of every stack. Runs that
 * others are at work on, and what cannot be read, are left alone. `all`: also those that were left up on purpose and
 * of which nothing lives any more. `engines`: also what an engine has made too late for a run that is gone.
 */
export async function sweep(
  options: { readonly all?: boolean; readonly engines?: boolean } = {},
): Promise<readonly Swept[]> {
  const swept: Swept[] = [];
  for (const entry of await readIndex()) {
    const run = await sweepOne(entry, options.all === true).catch(() => undefined);
    if (run !== undefined) swept.push(run);
  }
  if (options.engines === true) swept.push(...(await sweepEngines()));
  return swept;
}

async function sweepOne(entry: IndexEntry, all: boolean): Promise<Swept | undefined> {
  const seen = await currentRecord(entry);
  if (seen === undefined || hasEnded(seen)) {
    await removeFromIndex(entry.run);
    return undefined;
  }
  if (!(await mayGo(seen, entry.dir, all))) return undefined;
  const lock = await lockUnlessBusy(seen);
  if (lock === undefined) return undefined;
  try {
    const record = await currentRecord(entry);
    if (record === undefined || hasEnded(record) || !(await mayGo(record, entry.dir, all))) return undefined;
    await removeAbandoned(entry.dir, record, "nobody is responsible for it any more");
    const { run, stack, name } = record;
    return { run, stack, name, dir: entry.dir };
  } finally {
    await lock.release();
  }
}

/** A folder that was deleted under a run leaves what the index knew at its start. */
async function currentRecord({ dir, record }: IndexEntry): Promise<RunRecord | undefined> {
  const found = await readRecord(dir);
  if (found !== undefined) return found;
  const orphaned = await lstat(dir).then(() => false, isAbsence);
  return orphaned ? { ...record, stay: false } : undefined;
}

async function mayGo(record: RunRecord, dir: string, all: boolean): Promise<boolean> {
  if (record.owner.host !== hostname()) return false;
  if (isAbandoned(record)) return true;
  if (!all || livingUsers(record).length > 0 || ownerAlive(record.owner)) return false;
  return nothingLives(record, dir);
}

async function nothingLives(record: RunRecord, dir: string): Promise<boolean> {
  const runtime = await openRuntimeOf(dir, record);
  const place = runtime.open(identityOf(dir, record));
  try {
    const instances = await adoptAll(record, place);
    for (const instance of instances.values()) instance.close();
    return instances.size === 0;
  } finally {
    await place.close();
    await runtime.close();
  }
}

/** Whoever holds the lock is alive and at work on it. */
async function lockUnlessBusy({ stackDir, name }: RunRecord): Promise<Lock | undefined> {
  const busy = new AbortController();
  try {
    return await acquireLock({
      stackDir,
      name,
      doing: "removing what a dead process has left",
      signal: busy.signal,
      onWait: () => busy.abort(),
    });
  } catch (error) {
    if (busy.signal.aborted) return undefined;
    throw error;
  }
}
