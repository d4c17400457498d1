import { wrong } from "./looks.ts";
import type { Address, Look, ProbeTarget } from "./types.ts";

/** Looks at the address of a port, if it has one. */
export async function withAddress(
  target: ProbeTarget,
  port: string | undefined,
  look: (address: Address) => Promise<Look>,
): Promise<Look> {
  const address = target.address(port);
  if (address !== undefined) return look(address);
  return wrong(port === undefined ? "it publishes no port" : `the port ${port} is not published`);
}
