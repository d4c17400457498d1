import { z } from "zod";
import { type Owner, ownerOfThisProcess } from "../../util/owner.ts";
import type { MarkedRun, RunIdentity } from "../types.ts";

type Labels = Readonly<Record<string, string>> | null;

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
    "dev.rollcall.dir": run.dir,
    "dev.rollcall.host": owner.host,
    "dev.rollcall.boot": owner.bootId,
    "dev.rollcall.owner-pid": String(owner.pid),
    "dev.rollcall.owner-start": owner.startTime,
  };
}

const markLabels = z.object({
  [runLabel]: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/),
  "dev.rollcall.stack": z.string(),
  "dev.rollcall.name": z.string(),
  "dev.rollcall.dir": z.string(),
  "dev.rollcall.host": z.string(),
  "dev.rollcall.boot": z.string(),
  "dev.rollcall.owner-pid": z.string().regex(/^\d+$/),
  "dev.rollcall.owner-start": z.string(),
});

/** What `ownerLabels` wrote; undefined: not all of it is there. */
export function readOwnerLabels(labels: Labels): (Omit<MarkedRun, "owners"> & { owner: Owner }) | undefined {
  const { data } = markLabels.safeParse(labels);
  return (
    data && {
      id: data[runLabel],
      stack: data["dev.rollcall.stack"],
      name: data["dev.rollcall.name"],
      dir: data["dev.rollcall.dir"],
      owner: {
        host: data["dev.rollcall.host"],
        bootId: data["dev.rollcall.boot"],
        pid: Number(data["dev.rollcall.owner-pid"]),
        startTime: data["dev.rollcall.owner-start"],
      },
    }
  );
}

/** The value of `filters` for objects of this run; further labels narrow it. */
export function filterOf(runId: string, unit?: string): string {
  const label = [`${runLabel}=${runId}`, ...(unit === undefined ? [] : [`${unitLabel}=${unit}`])];
  return JSON.stringify({ label });
}
