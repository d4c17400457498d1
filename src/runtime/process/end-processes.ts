import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
import {
  isSame,
  listWithZombies,
  type ProcessEntry,
  type ProcessIdentity,
  readProcess,
} from "../../util/process-table.ts";

const stepMs = 10;
/** A killed process that is still there after this long hangs in the kernel. */
const killLimitMs = 10_000;
/** Looking through all processes costs more than looking at those that are known. */
const rescanMs = 250;
/** Who forks without a pause is missed by about every other look. */
const unmetMs = 5_000;

export interface Ending {
  /** Everything that belongs, each time anew. */
  readonly find: () => readonly ProcessEntry[];
  /** The process groups that it started in: while one of them is there, somebody may be in it whom `find` has missed. */
  readonly groups: readonly number[];
  readonly signal?: AbortSignal;
}

/**
 * Asks, and looks again whenever one of them ends; what is left after the grace is killed. `ask` is called with all
 * that is there each time, and asks nobody twice. Resolves with what does not end.
 */
export async function endGently(
  ending: Ending,
  ask: (found: readonly ProcessEntry[]) => void,
  graceMs: number,
): Promise<readonly ProcessEntry[]> {
  const until = performance.now() + graceMs;
  for (let found = await look(ending); found.length > 0; found = await look(ending)) {
    ask(found);
    await untilOneEnds(found, Math.min(until, performance.now() + rescanMs));
    if (performance.now() >= until || ending.signal?.aborted) return endAtOnce(ending);
  }
  return [];
}

/** Kills until nothing is left, also what is born meanwhile. Resolves with what does not end. */
export async function endAtOnce(ending: Ending): Promise<readonly ProcessEntry[]> {
  const until = performance.now() + killLimitMs;
  let found = await look(ending);
  while (found.length > 0 && performance.now() < until && !ending.signal?.aborted) {
    killGroups(found);
    for (const entry of found) signalProcess(entry, "SIGKILL");
    await untilAllEnd(found, Math.min(until, performance.now() + rescanMs));
    found = await look(ending);
  }
  return found;
}

/** SIGSTOP to all, until the system shows each of them stopped; also to what is born meanwhile. */
export async function stopAll(find: Ending["find"]): Promise<void> {
  const until = performance.now() + killLimitMs;
  for (let running = find().filter(runs); running.length > 0; running = find().filter(runs)) {
    for (const entry of running) signalProcess(entry, "SIGSTOP");
    if (performance.now() >= until) return;
    await delay(stepMs);
  }
}

function runs({ state }: ProcessEntry): boolean {
  return state !== "T" && state !== "t";
}

/** Only if the pid still is the process that was meant. */
export function signalProcess(entry: ProcessEntry, signal: NodeJS.Signals): void {
  if (isSame(entry)) send(entry.pid, signal);
}

/** The whole group at once, so that nothing is born between two signals; the entry leads it. */
export function signalGroup(entry: ProcessIdentity, signal: NodeJS.Signals): void {
  if (isSame(entry)) send(-entry.pid, signal);
}

/**
 * Processes that fork and end all the time are never met by their pid, but their group stays. Only groups of sessions
 * that came from us.
 */
function killGroups(found: readonly ProcessEntry[]): void {
  const groups = new Set(found.filter(({ session }) => isOurs(session, found)).map(({ pgid }) => pgid));
  for (const pgid of groups) if (isOurs(pgid, found)) send(-pgid, "SIGKILL");
}

/** The leader of this number is among what was found, or has ended; another process that has it now leads others. */
function isOurs(number: number, found: readonly ProcessEntry[]): boolean {
  const leader = readProcess(number);
  return leader === undefined || found.some((entry) => isSameEntry(entry, leader));
}

function isSameEntry(a: ProcessIdentity, b: ProcessIdentity): boolean {
  return a.pid === b.pid && a.startTime === b.startTime;
}

function send(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // ESRCH: it has just ended. EPERM: it stays, and is named as what is left.
    if (code !== "ESRCH" && code !== "EPERM") throw error;
  }
}

/**
 * A look at all processes takes a while, and short lives may slip through it: nothing found is looked at again, and as
 * long as one of the groups is there and changes.
 */
async function look({ find, groups }: Ending): Promise<readonly ProcessEntry[]> {
  let found = find();
  if (found.length === 0) found = find();
  const until = performance.now() + unmetMs;
  let before = "";
  while (found.length === 0 && performance.now() < until) {
    const there = groups.filter(isGroup);
    if (there.length === 0) break;
    // The same ones twice: zombies that nobody waits for, or somebody else who has the number by now.
    const inside = membersOf(there);
    if (inside !== "" && inside === before) break;
    before = inside;
    await nextTurn();
    found = find();
  }
  return found;
}

/** The pids of all who are in the groups, zombies too. */
function membersOf(groups: readonly number[]): string {
  const members = listWithZombies().filter(({ pgid }) => groups.includes(pgid));
  return members.map(({ pid }) => pid).join(" ");
}

/** Only asked, never signalled: its number may be somebody else's by now. */
function isGroup(pgid: number): boolean {
  try {
    process.kill(-pgid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function untilAllEnd(entries: readonly ProcessEntry[], until: number): Promise<void> {
  while (performance.now() < until && entries.some(isSame)) await delay(stepMs);
}

/** Some of them may wait for others: each end is a reason to look again. */
async function untilOneEnds(entries: readonly ProcessEntry[], until: number): Promise<void> {
  while (performance.now() < until && entries.every(isSame)) await delay(stepMs);
}
