import { RollcallError } from "../../errors/rollcall-error.ts";
import type { Instance } from "../../runtime/types.ts";
import type { RunSession } from "../session.ts";
import type { RunWatch } from "./watch-run.ts";

/** A service as it runs now, whichever user of the run has started it last. Throws NOT_RUNNING. */
export async function currentInstance(
  name: string,
  { instances, record }: RunSession,
  watch: RunWatch,
): Promise<Instance> {
  await watch.refresh();
  const instance = instances.get(name);
  if (instance !== undefined) return instance;
  throw new RollcallError("NOT_RUNNING", {
    service: name,
    message: `${name} of ${record.name} is not running.`,
  });
}
