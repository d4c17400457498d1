import { basename } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isShortage } from "../../util/system-error.ts";
import { acquireLock } from "../lock/lock.ts";
import { openJournalToEnd } from "../run-journal.ts";
import { type EngineSearch, loadRuntime, openRuntimeOf } from "../runtimes.ts";
import { identityOf } from "../state/identity.ts";
import { readRecord, writeRecord } from "../state/record.ts";
import { findInIndex } from "../state/run-index.ts";
import { hasEnded, isAbandoned, livingUsers, withoutUser } from "../state/users.ts";
import type { RunRecord } from "../types.ts";
import { takeDown } from "./take-down.ts";

const never = new AbortController().signal;

interface Leaving {
  readonly dir: string;
  /** Who has gone, politely or by death. */
  readonly user: string;
  /** Whether others are known that still use the run. */
  readonly othersConnected: () => boolean;
}

/** Loads now what `leaveForGood` will need of a run. */
export async function prepareToLeave(dir: string): Promise<void> {
  const record = await recordOrIndexed(dir);
  if (record !== undefined) await loadRuntime(record.runtime);
}

/**
 * Counts who is left after a user has gone, and takes the run down when nobody is that is responsible for it.
 * Whether the run needs no guard any more.
 */
export async function leaveForGood({ dir, user, othersConnected }: Leaving): Promise<boolean> {
  const first = await recordOrIndexed(dir);
  if (first === undefined || hasEnded(first)) return true;
  const { stackDir, name } = first;
  const lock = await acquireLock({
    stackDir,
    name,
    doing: "removing what a dead process has left",
    signal: never,
    onWait: () => {},
  });
  try {
    const record = await recordOrIndexed(dir);
    if (record === undefined || hasEnded(record)) return true;
    const rest = withoutUser(record, user);
    if (isAbandoned(rest) && !othersConnected()) {
      await removeAbandoned(dir, rest, "its owner has died");
      await removeLate(dir, rest);
      return true;
    }
    if (rest.users.length !== record.users.length) await writeRecord(dir, rest);
    return livingUsers(rest).length === 0 && !othersConnected();
  } finally {
    await lock.release();
  }
}

/**
 * The record; where it has been deleted or damaged, what the index has kept of the run's start: enough to find
 * by its mark what runs.
 */
async function recordOrIndexed(dir: string): Promise<RunRecord | undefined> {
  const record = await readRecord(dir).catch((error: unknown) => {
    if (isShortage(error)) throw error;
    return undefined;
  });
  if (record !== undefined) return record;
  const indexed = await findInIndex(basename(dir));
  return indexed && { ...indexed.record, stay: false };
}

/** Ends at once what nobody is responsible for. The caller holds the lock. */
export async function removeAbandoned(
  dir: string,
  record: RunRecord,
  because: string,
  search?: EngineSearch,
): Promise<void> {
  // The secrets are not known here; what is said names only what is left.
  const { journal, emit } = openJournalToEnd(dir, { mask: (text) => text });
  try {
    await takeDown({ dir, record, emit, because, manner: "now", search });
  } finally {
    await journal.close();
  }
}

/** An engine still makes what it was asked for when its asker has died; so long it is looked for. */
const lateMs = 2500;
const lateLookMs = 200;

async function removeLate(dir: string, record: RunRecord): Promise<void> {
  if (record.runtime === "process") return;
  const until = performance.now() + lateMs;
  const runtime = await openRuntimeOf(dir, record);
  const place = runtime.open(identityOf(dir, record));
  try {
    do {
      await delay(lateLookMs);
      if ((await place.audit()).length > 0) await place.remove({ signal: never });
    } while (performance.now() < until);
  } finally {
    await place.close();
    await runtime.close();
  }
}
