import { ownerOfThisProcess } from "../../util/owner.ts";
import type { RunIdentity } from "../types.ts";

export const runLabel = "dev.rollcall.run";
export const unitLabel = "dev.rollcall.unit";
/** On images: the key of what they were built from. */
export const buildLabel = "dev.rollcall.build";
/** On images: whose build it is. */
export const buildOfLabel = "dev.rollcall.build-of";

/** What every object of a run carries: whose it is, and which process of which host is responsible for it. */
export function ownerLabels(run: RunIdentity): Record<string, string> {
  const owner = ownerOfThisProcess();
  return {
    [runLabel]: run.id,
    "dev.rollcall.stack": run.stack,
    "dev.rollcall.name": run.name,
    "dev.rollcall.host": owner.host,
    "dev.rollcall.boot": owner.bootId,
    "dev.rollcall.owner-pid": String(owner.pid),
    "dev.rollcall.owner-start": owner.startTime,
  };
}

/** The value of `filters` for objects of this run; further labels narrow it. */
export function filterOf(runId: string, unit?: string): string {
  const label = [`${runLabel}=${runId}`, ...(unit === undefined ? [] : [`${unitLabel}=${unit}`])];
  return JSON.stringify({ label });
}
