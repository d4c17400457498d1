import { hasSocket, loopbackSockets } from "../../ports/listening-sockets.ts";
import { containerOf } from "../../ports/who-holds.ts";
import {
  listProcesses,
  type ProcessEntry,
  type ProcessIdentity,
  readCommand,
  readEnviron,
  readProcess,
  startedBefore,
} from "../../util/process-table.ts";
import { runMark } from "./marks.ts";
import { describeProcess } from "./members.ts";

interface Unit {
  readonly runId: string;
  readonly leader: ProcessIdentity;
  /** Everything that is known to belong to it; costs a look at all processes. */
  readonly members: () => readonly ProcessEntry[];
}

/** Who gets the connections to the port at 127.0.0.1 and can't have come from the unit; undefined: nobody that can be seen. */
export function strangerOn(port: number, unit: Unit): string | undefined {
  const sockets = loopbackSockets(port);
  const has = ({ pid }: ProcessIdentity) => hasSocket(pid, sockets);
  if (sockets.size === 0 || has(unit.leader) || unit.members().some(has)) return undefined;
  const holders = listProcesses().filter(has);
  if (holders.some((holder) => mayComeFrom(holder, unit))) return undefined;
  // Of a server that forks, the one that opened it.
  const oldest = holders.at(-1);
  return oldest && describeProcess(oldest);
}

/**
 * Who was started later and has no parent any more may be a daemon that has put off the mark; and what serves a
 * container may have been asked for by the unit's command.
 */
function mayComeFrom(holder: ProcessEntry, { runId, leader }: Unit): boolean {
  if (readEnviron(holder.pid)?.[runMark] === runId || servesContainer(holder)) return true;
  return isOrphan(holder) && !startedBefore(holder, leader);
}

/** Programs by which engines bring a port of a container to this machine. */
const forwarders = ["docker-proxy", "rootlessport", "rootlesskit", "slirp4netns", "pasta", "conmon"];

function servesContainer({ pid, name }: ProcessEntry): boolean {
  return (
    forwarders.some((each) => name.startsWith(each)) || containerOf(pid, readCommand(pid) ?? "") !== undefined
  );
}

/** Orphans go to the first process, or to the one that a session of the system has for them. */
function isOrphan({ ppid }: ProcessEntry): boolean {
  return ppid <= 1 || readProcess(ppid)?.name === "systemd";
}
