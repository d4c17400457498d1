import { lstat } from "node:fs/promises";
import { hostname } from "node:os";
import { asRollcallError, type RollcallError } from "../../errors/rollcall-error.ts";
import { ownerAlive } from "../../util/owner.ts";
import { isAbsence } from "../../util/system-error.ts";
import { acquireLock, type Lock } from "../lock/lock.ts";
import { type EngineSearch, openRuntimeOf } from "../runtimes.ts";
import { identityOf } from "../state/identity.ts";
import { readRecord } from "../state/record.ts";
import { type IndexEntry, readIndex, removeFromIndex } from "../state/run-index.ts";
import { hasEnded, isAbandoned, livingUsers } from "../state/users.ts";
import type { RunRecord } from "../types.ts";
import { removeAbandoned } from "./abandon.ts";
import { sweepEngines } from "./sweep-engines.ts";
import { adoptAll } from "./take-down.ts";

export interface Swept {
  readonly run: string;
  readonly stack: string;
  readonly name: string;
  readonly dir: string;
}

export interface Unswept {
  readonly dir: string;
  readonly error: RollcallError;
}

export interface SweepOptions {
  /** Also what was left up on purpose and of which nothing lives any more. @default false */
  readonly all?: boolean;
  /** Also what an engine has made too late for a run that is gone. @default false */
  readonly engines?: boolean;
  /** Aborting it ends the sweep with its reason. */
  readonly signal?: AbortSignal;
  /** How long the engine of a run is looked for, in milliseconds. @default as long as engines may take to answer */
  readonly limitMs?: number;
  /** Told of every run that cannot be read, or cannot be removed although nobody is responsible for it. */
  readonly onFailure?: (failure: Unswept) => void;
}

/**
 * Removes the runs of this user on this host that nobody is responsible for any more, of every stack. Runs that
 * others are at work on, and what cannot be read, are left alone.
 */
export async function sweep(options: SweepOptions = {}): Promise<readonly Swept[]> {
  const swept: Swept[] = [];
  for (const entry of await readIndex()) {
    options.signal?.throwIfAborted();
    try {
      const run = await sweepOne(entry, options);
      if (run !== undefined) swept.push(run);
    } catch (error) {
      options.signal?.throwIfAborted();
      options.onFailure?.({ dir: entry.dir, error: asRollcallError(error) });
    }
  }
  if (options.engines === true) swept.push(...(await sweepEngines(options.onFailure)));
  return swept;
}

async function sweepOne(entry: IndexEntry, options: SweepOptions): Promise<Swept | undefined> {
  const seen = await currentRecord(entry);
  if (seen === undefined || hasEnded(seen)) {
    await removeFromIndex(entry.run);
    return undefined;
  }
  if (!(await mayGo(seen, entry.dir, options))) return undefined;
  const lock = await lockUnlessBusy(seen);
  if (lock === undefined) return undefined;
  try {
    const record = await currentRecord(entry);
    if (record === undefined || hasEnded(record) || !(await mayGo(record, entry.dir, options)))
      return undefined;
    await removeAbandoned(entry.dir, record, "nobody is responsible for it any more", options);
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

async function mayGo(record: RunRecord, dir: string, options: SweepOptions): Promise<boolean> {
  if (record.owner.host !== hostname()) return false;
  if (isAbandoned(record)) return true;
  if (options.all !== true || livingUsers(record).length > 0 || ownerAlive(record.owner)) return false;
  return nothingLives(record, dir, options);
}

async function nothingLives(record: RunRecord, dir: string, search: EngineSearch): Promise<boolean> {
  const runtime = await openRuntimeOf(dir, record, search);
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

/** Whoever holds the lock is alive and at work on it, or cannot even say so. */
async function lockUnlessBusy({ stackDir, name }: RunRecord): Promise<Lock | undefined> {
  const unwilling = AbortSignal.abort();
  try {
    return await acquireLock({
      stackDir,
      name,
      doing: "removing what a dead process has left",
      signal: unwilling,
      onWait: () => {},
    });
  } catch (error) {
    if (error === unwilling.reason) return undefined;
    throw error;
  }
}
