import { readFileSync } from "node:fs";
import { listProcesses } from "../../util/process-table.ts";

/** Programs that Podman and Docker keep beside a container. */
const companions = ["conmon", "runc", "crun", "containerd-shim", "podman", "netavark"];

export interface Companion {
  readonly pid: number;
  readonly name: string;
  readonly container: string;
  /** conmon of a command that was run inside: Podman keeps it for five minutes after the command's end. */
  readonly ofExec: boolean;
}

/** Processes of this machine that serve one of these containers: they name it on their command line. */
export function companionsOf(containers: readonly string[]): readonly Companion[] {
  if (process.platform !== "linux" || containers.length === 0) return [];
  return listProcesses().flatMap(({ pid, name }) => {
    if (!companions.some((each) => name.startsWith(each))) return [];
    const command = readCommandLine(pid);
    const container = containers.find((id) => command.includes(id));
    const ofExec = name === "conmon" && command.includes("--exec-process-spec");
    return container === undefined ? [] : [{ pid, name, container, ofExec }];
  });
}

/**
 * Waits until they have ended: engines answer a removal a little before. Those that only keep the exit code of a command
 * for whoever may ask are ended. Gives those that stay.
 */
export async function companionsEnded(
  containers: readonly string[],
  limitMs: number,
): Promise<readonly Companion[]> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    const alive = companionsOf(containers);
    if (alive.length === 0 || performance.now() > endMs) return alive;
    for (const { pid, ofExec } of alive) if (ofExec) end(pid);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Ends what Podman keeps for a command that has ended and has been asked for its code. */
export function endExecCompanions(exec: string): void {
  for (const { pid, ofExec } of companionsOf([exec])) if (ofExec) end(pid);
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself, or is another user's.
  }
}

function readCommandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
