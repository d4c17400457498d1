import { setTimeout as delay } from "node:timers/promises";
import { identify, isSame, listProcesses, type ProcessIdentity } from "../util/process-table.ts";

const lookMs = 50;
/** What the kernel takes to end what has been killed; longer only where a disk hangs. */
const killLimitMs = 5000;

interface Ending {
  /** Sent first; undefined: they know already. */
  readonly signal?: NodeJS.Signals;
  /** From here to SIGKILL, in milliseconds. */
  readonly graceMs: number;
}

/**
 * Ends a process and whatever it has started, and resolves when none of it lives. They may be in a group with others
 * (that of a terminal), so each is signalled by itself, parents first: a shell must not go on to its next command.
 */
export async function endTree(root: number, { signal, graceMs }: Ending): Promise<void> {
  const found = identify(root);
  if (found === undefined) return;
  const tree = await outlast(grown([found]), graceMs, signal);
  await outlast(tree, killLimitMs, "SIGKILL");
}

/** Until all have ended, or for so long; what they start meanwhile belongs to them. */
async function outlast(
  first: readonly ProcessIdentity[],
  limitMs: number,
  signal: NodeJS.Signals | undefined,
): Promise<readonly ProcessIdentity[]> {
  const until = performance.now() + limitMs;
  const told = new Set<number>();
  for (let tree = first; ; tree = grown(tree)) {
    for (const { pid } of tree) if (signal !== undefined && !told.has(pid)) send(pid, signal);
    for (const { pid } of tree) told.add(pid);
    if (tree.length === 0 || performance.now() >= until) return tree;
    await delay(lookMs);
  }
}

/** Those of them that live, and their descendants, parents first. */
function grown(tree: readonly ProcessIdentity[]): readonly ProcessIdentity[] {
  const all = new Map(tree.filter(isSame).map((each) => [each.pid, each]));
  const others = listProcesses();
  for (const parent of all.values()) {
    for (const each of others) if (each.ppid === parent.pid) all.set(each.pid, each);
  }
  return [...all.values()];
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}
