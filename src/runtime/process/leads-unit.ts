import { realpathSync } from "node:fs";
import { sep } from "node:path";
import {
  listProcesses,
  type ProcessEntry,
  readCwd,
  readEnviron,
  readOutputs,
} from "../../util/process-table.ts";
import type { RunIdentity } from "../types.ts";
import type { Detail } from "./detail.ts";
import { runMark } from "./marks.ts";
import { runsServer } from "./members.ts";

type Run = Pick<RunIdentity, "id" | "dir" | "tempDir">;

/**
 * Whether the process shows by itself that it leads a unit of the run, whatever a record says. A leader was started in
 * a session of its own and can never leave it. What may not be looked at (another user's) is known by its identity alone.
 */
export function leadsUnit(leader: ProcessEntry, run: Run, { server }: Pick<Detail, "server">): boolean {
  const { pid } = leader;
  if (leader.pgid !== pid || leader.session !== pid) return false;
  if (readCwd(pid) === undefined) return true;
  if (server !== undefined) return isIn(server.folder, run.tempDir) && runsServer(pid, server);
  const environ = readEnviron(pid);
  if (environ?.[runMark] !== undefined) return environ[runMark] === run.id;
  if (environ?.["PATH"] !== undefined) return false;
  return familyOf(pid).some((member) => isTraced(member, run));
}

/** Who overwrites its environment for a title loses the mark, and with it PATH, which stands before it. */
function isTraced(pid: number, { id, dir, tempDir }: Run): boolean {
  if (readEnviron(pid)?.[runMark] === id) return true;
  const cwd = readCwd(pid);
  return (cwd !== undefined && isIn(cwd, tempDir)) || readOutputs(pid).some((file) => isIn(file, dir));
}

function familyOf(pid: number): readonly number[] {
  const family = listProcesses().filter(({ ppid, session }) => ppid === pid || session === pid);
  return family.map((entry) => entry.pid);
}

function isIn(path: string, folder: string): boolean {
  return path.startsWith(realPath(folder) + sep);
}

/** A deleted folder keeps its name in what the kernel tells. */
function realPath(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}
