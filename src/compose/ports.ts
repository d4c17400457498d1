/** One published or needed port of a compose service. */
export interface ComposePort {
  readonly container: number;
  readonly host: number | "free";
  readonly protocol: string;
  readonly hostIp: string | undefined;
  readonly name: string | undefined;
}

/**
 * Reads the short syntax: `[ip:][host:]container[/protocol]`, ranges on both sides.
 *
 * @returns the reason as text when it is not a port.
 */
export function parseShortPort(text: string): readonly ComposePort[] | string {
  const [spec = "", protocol = "tcp"] = text.split("/");
  if (!["tcp", "udp", "sctp"].includes(protocol)) return `unknown protocol "${protocol}" in "${text}"`;
  const match = /^(?:(\[[0-9a-fA-F:]+\]|\d+(?:\.\d+){3}):)?(?:(\d+(?:-\d+)?)?:)?(\d+(?:-\d+)?)$/.exec(spec);
  if (match === null) return `expected [IP:][HOST:]CONTAINER[/PROTOCOL], found "${text}"`;
  const [, hostIp, host, container = ""] = match;
  const inside = range(container);
  // Port 0 is the engine's word for any free one.
  const any = host === undefined || host === "0";
  const outside = any ? undefined : range(host);
  if (inside === undefined || (!any && outside === undefined)) return `port out of range in "${text}"`;
  if (outside !== undefined && outside.length !== inside.length && inside.length > 1)
    return `the ranges in "${text}" differ in length`;
  return inside.map((port, index) => ({
    container: port,
    // A range of host ports for one container port means: any of them.
    host: outside === undefined || outside.length > inside.length ? "free" : (outside[index] ?? "free"),
    protocol,
    hostIp: hostIp?.replace(/^\[|\]$/g, ""),
    name: undefined,
  }));
}

function range(text: string): number[] | undefined {
  const [from = "", to = from] = text.split("-");
  const first = Number(from);
  const last = Number(to);
  if (!isPort(first) || !isPort(last) || last < first || last - first > 1000) return undefined;
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

export function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 65_535;
}
