import type { Instance } from "../runtime/types.ts";
import { realClock, within } from "../util/clock.ts";
import type { UnitRecord } from "./types.ts";

/** From the word that something is gone to the account of how, in milliseconds. */
const accountMs = 1000;

/** Whether a service that may also end with exit code 0 has done so. */
export async function hasCompleted(
  { mayComplete }: UnitRecord,
  instance: Instance | undefined,
): Promise<boolean> {
  if (mayComplete !== true || instance === undefined) return false;
  if ((await instance.alive()) !== undefined) return false;
  return (await within(realClock, accountMs, instance.exited))?.exitCode === 0;
}
