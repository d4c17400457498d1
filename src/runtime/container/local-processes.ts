import { readFileSync } from "node:fs";
import { listProcesses } from "../../util/process-table.ts";

/** Programs that Podman and Docker keep beside a container. */
const companions = new Set(["conmon", "runc", "crun", "containerd-shim", "podman", "netavark"]);

export interface Companion {
  readonly pid: number;
  readonly name: string;
  readonly container: string;
}

/** Processes of this machine that still serve one of these containers: they name it on their command line. */
export function companionsOf(containers: readonly string[]): readonly Companion[] {
  if (process.platform !== "linux" || containers.length === 0) return [];
  return listProcesses().flatMap(({ pid, name }) => {
    if (![...companions].some((each) => name.startsWith(each))) return [];
    const command = readCommandLine(pid);
    const container = containers.find((id) => command.includes(id));
    return container === undefined ? [] : [{ pid, name, container }];
  });
}

/** Waits until they have ended: engines answer a removal a little before. Gives those that stay. */
export async function companionsEnded(
  containers: readonly string[],
  limitMs: number,
): Promise<readonly Companion[]> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    const alive = companionsOf(containers);
    if (alive.length === 0 || performance.now() > endMs) return alive;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function readCommandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
