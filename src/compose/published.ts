import type { Port } from "../stack/types.ts";
import { listOf, mapOf, type Reading, textOf } from "./context.ts";
import type { KnownImage } from "./image-types.ts";
import { isWebPort } from "./known-images.ts";
import { type ComposePort, isPort, parseShortPort } from "./ports.ts";
import type { Tree } from "./tree.ts";

/** The published ports, on 127.0.0.1 whatever the file says. */
export function readPorts(reading: Reading, known: KnownImage | undefined): Port[] {
  const ports: Port[] = [];
  for (const [index, entry] of listOf(reading.tree["ports"]).entries()) {
    for (const port of readPort(reading, index, entry)) {
      if (port.protocol !== "tcp") {
        reading.note(
          ["ports", index],
          `port ${port.container}/${port.protocol} is not published: only tcp is`,
        );
        continue;
      }
      if (port.hostIp !== undefined && !/^(127\.0\.0\.1|0\.0\.0\.0|localhost)$/.test(port.hostIp))
        reading.note(["ports", index], `published on 127.0.0.1, not on ${port.hostIp}`);
      const same = ports.some(({ container, host }) => container === port.container && host === port.host);
      if (same && port.host !== "free") continue;
      ports.push({
        name: uniqueName(port.name ?? `p${port.container}`, ports),
        container: port.container,
        host: port.host,
        scheme: schemeOf(port.container, known),
      });
    }
  }
  return ports;
}

/** Ports that the file only exposes to peers. */
export function readExposed(reading: Reading): number[] {
  return listOf(reading.tree["expose"]).flatMap((entry, index) => {
    const parsed = parseShortPort(textOf(entry) ?? "");
    if (typeof parsed !== "string")
      return parsed.filter(({ protocol }) => protocol === "tcp").map(({ container }) => container);
    reading.refuse(["expose", index], parsed);
    return [];
  });
}

/** A port that the probe needs and the file does not publish gets a free one. */
export function withNeededPort(
  ports: readonly Port[],
  container: number,
  known: KnownImage | undefined,
): { ports: readonly Port[]; name: string } {
  const found = ports.find((port) => port.container === container);
  if (found !== undefined) return { ports, name: found.name };
  const name = uniqueName(`p${container}`, ports);
  // A known server's own port, whatever its number.
  const scheme = known?.scheme ?? schemeOf(container, undefined);
  return { ports: [...ports, { name, container, host: "free", scheme }], name };
}

const longKeys = ["target", "published", "host_ip", "protocol", "mode", "name", "app_protocol"];

function readPort(reading: Reading, index: number, entry: Tree): readonly ComposePort[] {
  const long = mapOf(entry);
  if (long === undefined) {
    const parsed = parseShortPort(textOf(entry) ?? "");
    if (typeof parsed !== "string") return parsed;
    reading.refuse(["ports", index], parsed);
    return [];
  }
  for (const key of Object.keys(long))
    if (!longKeys.includes(key) && !key.startsWith("x-"))
      reading.refuse(["ports", index], `unknown key ${key}; expected one of ${longKeys.join(", ")}`);
  const container = Number(textOf(long["target"]));
  const published = textOf(long["published"]);
  const host =
    published === undefined || published === "" || published === "0" || published.includes("-")
      ? "free"
      : Number(published);
  if (!isPort(container) || (host !== "free" && !isPort(host))) {
    reading.refuse(["ports", index], "target and published: expected ports from 1 to 65535");
    return [];
  }
  return [
    {
      container,
      host,
      protocol: textOf(long["protocol"]) ?? "tcp",
      hostIp: textOf(long["host_ip"]),
      name: portLabel(textOf(long["name"])),
    },
  ];
}

const portLabel = (name: string | undefined) =>
  name !== undefined && /^(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name) ? name : undefined;

function uniqueName(name: string, ports: readonly Port[]): string {
  let unique = name;
  for (let number = 2; ports.some((port) => port.name === unique); number++) unique = `${name}-${number}`;
  return unique;
}

const custom: Readonly<Record<number, string>> = {
  443: "https",
  8443: "https",
  5432: "postgresql",
  6379: "redis",
  3306: "mysql",
  5672: "amqp",
  27017: "mongodb",
  4222: "nats",
};

function schemeOf(port: number, known: KnownImage | undefined): string {
  if (known?.port === port) return known.scheme;
  return custom[port] ?? (isWebPort(port) ? "http" : "tcp");
}
