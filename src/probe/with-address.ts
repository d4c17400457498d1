import { notYet, wrong } from "./looks.ts";
import type { Address, Look, ProbeTarget } from "./types.ts";

/** Looks at the address of a port, if it has one; what somebody else answers there is no proof. */
export async function withAddress(
  target: ProbeTarget,
  port: string | undefined,
  look: (address: Address) => Promise<Look>,
): Promise<Look> {
  const address = target.address(port);
  if (address === undefined) {
    return wrong(port === undefined ? "it publishes no port" : `the port ${port} is not published`);
  }
  const seen = await look(address);
  if (seen.verdict === "not-yet") return seen;
  const stranger = await target.strangerOn?.(port);
  if (stranger === undefined) return seen;
  const text = `port ${address.port} is held by ${stranger}, which is not part of this service`;
  return seen.verdict === "ready" ? notYet(text) : wrong(`${seen.observed}; ${text}`);
}
