import type { RunIdentity } from "../types.ts";

/** Names of a run's objects hold its id, so that no two runs ever want the same one. */
export function networkName(run: RunIdentity): string {
  return `rollcall-${run.id}`;
}

export function volumeName(run: RunIdentity, volume: string): string {
  return `rollcall-${run.id}-${volume}`;
}

export function containerName(run: RunIdentity, unit: string): string {
  const whose = run.name === run.stack ? [run.stack] : [run.stack, run.name];
  return ["rollcall", ...whose, unit, run.id].join("-");
}
