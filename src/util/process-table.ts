import { closeSync, openSync, readdirSync, readlinkSync, readSync } from "node:fs";
import { listWithPs, readEnvironWithPs } from "./process-table-ps.ts";
import { isAbsence, isRefusal } from "./system-error.ts";

/** A process as the kernel knows it; pid and start time together are its identity. */
export interface ProcessEntry {
  readonly pid: number;
  readonly ppid: number;
  readonly pgid: number;
  readonly session: number;
  /** R, S, D, T, Z, …; Z and X count as dead. */
  readonly state: string;
  /** Clock ticks since boot (Linux) or the date that `ps` prints; compared as text only. */
  readonly startTime: string;
  readonly name: string;
}

export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
}

const onLinux = process.platform === "linux";

/** Every living process that can be seen; zombies are left out. */
export function listProcesses(): readonly ProcessEntry[] {
  return [...eachProcess()];
}

/** The same one by one, newest first: what lives only for a moment is handed out while it still is there. */
export function* eachProcess(): Generator<ProcessEntry, void> {
  for (const entry of eachEntry()) if (lives(entry)) yield entry;
}

/** Also those that have ended and that nobody has waited for. */
export function listWithZombies(): readonly ProcessEntry[] {
  return [...eachEntry()];
}

function* eachEntry(): Generator<ProcessEntry, void> {
  if (!onLinux) {
    yield* listWithPs();
    return;
  }
  const pids = readdirSync("/proc").filter((file) => /^\d+$/.test(file));
  for (const pid of pids.map(Number).sort((a, b) => b - a)) {
    const entry = readStat(pid);
    if (entry !== undefined) yield entry;
  }
}

/** The living process with this pid; undefined: none, or a zombie. */
export function readProcess(pid: number): ProcessEntry | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  const entry = onLinux ? readStat(pid) : listWithPs(pid)[0];
  return entry !== undefined && lives(entry) ? entry : undefined;
}

export function identify(pid: number): ProcessIdentity | undefined {
  const entry = readProcess(pid);
  return entry && { pid: entry.pid, startTime: entry.startTime };
}

/** Also of a child that has ended and has not been waited for yet. */
export function startTimeOf(pid: number): string | undefined {
  return (onLinux ? readStat(pid) : listWithPs(pid)[0])?.startTime;
}

/**
 * Whether exactly this process, and not a later one with its pid, is alive.
 * @throws the system's error, as all looks here, when it could not be looked at: that is no answer.
 */
export function isSame(identity: ProcessIdentity): boolean {
  return readProcess(identity.pid)?.startTime === identity.startTime;
}

/** Whether it is certain to have ended. */
export function isGone(identity: ProcessIdentity): boolean {
  try {
    return !isSame(identity);
  } catch {
    return false;
  }
}

/** Whether one was started earlier than the other; false where start times can't be compared. */
export function startedBefore(a: ProcessIdentity, b: ProcessIdentity): boolean {
  return onLinux && Number(a.startTime) < Number(b.startTime);
}

/** The environment that it was started with; undefined: it may not be read, or was overwritten. */
export function readEnviron(pid: number): Readonly<Record<string, string>> | undefined {
  if (!onLinux) return readEnvironWithPs(pid);
  const text = readText(`/proc/${pid}/environ`);
  if (text === undefined || text === "") return undefined;
  const pairs = text.split("\0").flatMap((pair) => {
    const at = pair.indexOf("=");
    return at > 0 ? [[pair.slice(0, at), pair.slice(at + 1)] as const] : [];
  });
  return Object.fromEntries(pairs);
}

/** The command line, for people. */
export function readCommand(pid: number): string | undefined {
  if (!onLinux) return listWithPs(pid)[0]?.name;
  const text = readText(`/proc/${pid}/cmdline`);
  const words = text?.split("\0").filter((word) => word !== "");
  return words?.length ? words.join(" ") : readStat(pid)?.name;
}

export function readCwd(pid: number): string | undefined {
  return readLink(`/proc/${pid}/cwd`);
}

/** The program's file; what has been replaced on disk meanwhile keeps its old path. */
export function readExe(pid: number): string | undefined {
  return readLink(`/proc/${pid}/exe`);
}

/** The files, as far as they can be seen, that its standard output and standard error go to. */
export function readOutputs(pid: number): readonly string[] {
  return [1, 2].map((fd) => readLink(`/proc/${pid}/fd/${fd}`)).filter((file) => file !== undefined);
}

function lives(entry: ProcessEntry): boolean {
  return entry.state !== "Z" && entry.state !== "X";
}

/** The name may hold spaces and brackets: fields count from the last `)`. */
function readStat(pid: number): ProcessEntry | undefined {
  const text = readText(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  const end = text.lastIndexOf(")");
  const fields = text.slice(end + 2).split(" ");
  const [state, ppid, pgid, session] = fields;
  const startTime = fields[19];
  if (state === undefined || startTime === undefined) return undefined;
  return {
    pid,
    ppid: Number(ppid),
    pgid: Number(pgid),
    session: Number(session),
    state,
    startTime,
    name: text.slice(text.indexOf("(") + 1, end),
  };
}

/** The kernel hands out whole pages: a shorter piece is the last one. */
const shortBytes = 4096;
const buffer = Buffer.allocUnsafe(256 * 1024);

/** undefined: it is not there (a process may end between any two looks), or this user may not see it. */
function ifVisible<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isAbsence(error) || isRefusal(error)) return undefined;
    throw error;
  }
}

function readText(path: string): string | undefined {
  return ifVisible(() => readWhole(path));
}

function readLink(path: string): string | undefined {
  return ifVisible(() => readlinkSync(path).replace(/ \(deleted\)$/, ""));
}

/**
 * Looks go through all processes, so a file costs no more than it must: it has no size to ask for, and comes in one
 * piece unless it is long.
 */
function readWhole(path: string): string {
  const descriptor = openSync(path, "r");
  try {
    let length = readSync(descriptor, buffer, 0, buffer.length, null);
    for (let more = length; more >= shortBytes && length < buffer.length; length += more) {
      more = readSync(descriptor, buffer, length, buffer.length - length, null);
    }
    return buffer.toString("utf8", 0, length);
  } finally {
    closeSync(descriptor);
  }
}
