import { basename, sep } from "node:path";
import {
  eachProcess,
  type ProcessEntry,
  type ProcessIdentity,
  readCwd,
  readEnviron,
  readExe,
} from "../../util/process-table.ts";
import { visibleLine } from "../../util/visible.ts";
import { runMark, unitMark } from "./marks.ts";

/** By what the processes of a unit, or of a whole run, are known. */
export interface Belonging {
  readonly runId: string;
  /** undefined: every unit. */
  readonly unit: string | undefined;
  /** Processes known to belong, by identity; of a pid that has been given away, nothing is taken. */
  readonly known: readonly ProcessIdentity[];
  /** The session of a leader that has ended. */
  readonly session?: number | undefined;
  /**
   * Servers overwrite their environment and leave their session. Their processes run one of these programs in one
   * of these folders; who only stands in the folder is somebody else.
   */
  readonly servers: readonly ServerTrace[];
}

export interface ServerTrace {
  readonly folder: string;
  readonly program: string;
}

/** The living processes that belong, without ourselves and whoever started us. */
export function findMembers(belonging: Belonging): readonly ProcessEntry[] {
  const all: ProcessEntry[] = [];
  const members = new Set<ProcessEntry>();
  for (const entry of eachProcess()) {
    all.push(entry);
    if (isRoot(entry, belonging)) members.add(entry);
  }
  for (const entry of leftIn(belonging.session, all)) members.add(entry);
  if (members.size === 0) return [];
  while (addRelatives(all, members));
  const spared = ourselves(all);
  return [...members].filter((entry) => !spared.has(entry.pid));
}

/** Who lives with the number of a leader that has ended has it anew, and so has all of its session. */
function leftIn(session: number | undefined, all: readonly ProcessEntry[]): readonly ProcessEntry[] {
  if (session === undefined || all.some(({ pid }) => pid === session)) return [];
  return all.filter((entry) => entry.session === session);
}

function isRoot(entry: ProcessEntry, { runId, unit, known, servers }: Belonging): boolean {
  if (known.some(({ pid, startTime }) => pid === entry.pid && startTime === entry.startTime)) return true;
  const environ = readEnviron(entry.pid);
  if (environ?.[runMark] === runId && (unit === undefined || environ[unitMark] === unit)) return true;
  return servers.some((server) => runsServer(entry.pid, server));
}

export function runsServer(pid: number, { folder, program }: ServerTrace): boolean {
  const cwd = readCwd(pid);
  return cwd !== undefined && (cwd === folder || cwd.startsWith(folder + sep)) && readExe(pid) === program;
}

/**
 * Children, and who shares a session that is ours: its leader is a member, or has ended. A session's number is not
 * given away while anybody is in it, so with one member in it all of it came from us.
 */
function addRelatives(all: readonly ProcessEntry[], members: Set<ProcessEntry>): boolean {
  const alive = new Set(all.map(({ pid }) => pid));
  const pids = new Set([...members].map(({ pid }) => pid));
  const sessions = new Set(
    [...members].map(({ session }) => session).filter((session) => pids.has(session) || !alive.has(session)),
  );
  const before = members.size;
  for (const entry of all) {
    if (pids.has(entry.ppid) || sessions.has(entry.session)) members.add(entry);
  }
  return members.size > before;
}

function ourselves(all: readonly ProcessEntry[]): ReadonlySet<number> {
  const parents = new Map(all.map(({ pid, ppid }) => [pid, ppid]));
  const pids = new Set<number>();
  for (let pid: number | undefined = process.pid; pid && !pids.has(pid); pid = parents.get(pid)) {
    pids.add(pid);
  }
  return pids;
}

/** `process 4711 (postgres)`, for people. Where `ps` tells the name it is the command line, which may hold secrets. */
export function describeProcess({ pid, name }: Pick<ProcessEntry, "pid" | "name">): string {
  const [program = ""] = name.split(" ");
  return `process ${pid} (${visibleLine(basename(program))})`;
}
