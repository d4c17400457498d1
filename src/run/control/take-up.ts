import { sameIncarnation } from "../../conductor/gates.ts";
import type { Instance } from "../../runtime/types.ts";
import type { RunSession } from "../session.ts";
import { readRecord } from "../state/record.ts";
import type { UnitRecord } from "../types.ts";

/** A service that another user of the run has started anew. */
export interface TakenUp {
  readonly old: Instance;
  readonly fresh: Instance;
}

/** Puts what others have started anew, and proven, into the place of what this process had in hand. */
export async function takeUpRestarted({ dir, place, instances }: RunSession): Promise<readonly TakenUp[]> {
  const record = await readRecord(dir);
  const takenUp: TakenUp[] = [];
  for (const unit of record?.units ?? []) {
    const old = instances.get(unit.name);
    if (old === undefined || !isRestarted(unit, old)) continue;
    const fresh = await place.adopt(unit.instance);
    if (fresh === undefined) continue;
    instances.set(unit.name, fresh);
    takenUp.push({ old, fresh });
  }
  return takenUp;
}

function isRestarted(
  unit: UnitRecord,
  { incarnation }: Instance,
): unit is UnitRecord & { readonly instance: NonNullable<UnitRecord["instance"]> } {
  if (unit.state !== "ready" || unit.instance === null) return false;
  return !sameIncarnation(unit.instance.incarnation, incarnation);
}
