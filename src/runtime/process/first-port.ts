import { RollcallError } from "../../errors/rollcall-error.ts";
import type { StartOrder } from "../types.ts";

/** The port on which a server listens that has only one. */
export function firstPort({ unit, ports }: StartOrder): number {
  const port = ports[0]?.host;
  if (port !== undefined) return port;
  throw new RollcallError("START_FAILED", {
    service: unit.name,
    message: `${unit.name} has no port to listen on.`,
    hint: "Give it one in `ports`.",
  });
}
