import type { Instance, Place } from "../../runtime/types.ts";
import { realClock, within } from "../../util/clock.ts";
import type { UnitRecord } from "../types.ts";

/** From the word that something is gone to the account of how, in milliseconds. */
const accountMs = 1000;

/** Whether a unit has done its work: what its record says, or the exit code 0 of a service that may also end. */
export async function hasCompleted(
  { state, mayComplete, instance: record }: UnitRecord,
  instance: Instance | undefined,
  place: Place,
): Promise<boolean> {
  if (state === "completed") return true;
  if (mayComplete !== true || record === null) return false;
  // It may have ended while nobody watched.
  if (instance === undefined) {
    const exit = await place.exitOf(record).catch(() => undefined);
    return exit?.exitCode === 0;
  }
  if ((await instance.alive()) !== undefined) return false;
  return (await within(realClock, accountMs, instance.exited))?.exitCode === 0;
}

/** What the record says of a service that has done its work. */
export const completed = { state: "completed", level: "completed", observed: "exit code 0" } as const;
