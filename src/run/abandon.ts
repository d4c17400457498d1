import { openJournal } from "../journal/journal.ts";
import { journalFileOf } from "./folders.ts";
import { acquireLock } from "./lock.ts";
import { readRecord, writeRecord } from "./record.ts";
import { takeDown } from "./take-down.ts";
import type { RunRecord } from "./types.ts";
import { hasEnded, isAbandoned, livingUsers, withoutUser } from "./users.ts";

const never = new AbortController().signal;

/**
 * A user has gone, politely or by death: counts the others, and takes the run down when nobody is left that is
 * responsible for it. Whether the run needs no guard any more.
 */
export async function leaveForGood(runDir: string, user: string): Promise<boolean> {
  const first = await readRecord(runDir);
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
    const record = await readRecord(runDir);
    if (record === undefined || hasEnded(record)) return true;
    const rest = withoutUser(record, user);
    if (isAbandoned(rest)) {
      await removeAbandoned(runDir, rest, "its owner has died");
      return true;
    }
    if (rest.users.length !== record.users.length) await writeRecord(runDir, rest);
    return livingUsers(rest).length === 0;
  } finally {
    await lock.release();
  }
}

/** Ends at once what nobody is responsible for. The caller holds the lock. */
export async function removeAbandoned(dir: string, record: RunRecord, because: string): Promise<void> {
  // The secrets are not known here; what is said names only what is left.
  const journal = openJournalOrNone(dir);
  try {
    await takeDown({ dir, record, emit: journal.emit, because, manner: "now" });
  } finally {
    await journal.close();
  }
}

/** A damaged journal is no reason to leave anything running. */
function openJournalOrNone(dir: string) {
  try {
    return openJournal(journalFileOf(dir), { mask: (text) => text });
  } catch {
    return {
      emit: (body: Parameters<ReturnType<typeof openJournal>["emit"]>[0]) => ({
        ...body,
        seq: 0,
        atMs: 0,
        time: new Date().toISOString(),
      }),
      close: async () => {},
    };
  }
}
