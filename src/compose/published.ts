import type { Port } from "../stack/types.ts";
import { listOf, mapOf, type Reading, textOf } from "./context.ts";
import { knownImage } from "./known-images.ts";
import { type ComposePort, isPort, parseShortPort } from "./ports.ts";
import type { Tree } from "./tree.ts";

/** The published ports, on 127.0.0.1 whatever the file says. */
export function readPorts(reading: Reading, image: string | undefined): Port[] {
  const ports: Port[] = [];
  for (const [index, entry] of listOf(reading.tree["ports"]).entries()) {
    for (const port of readPort(reading, index, entry)) {
      if (port.protocol !== "tcp") {
        reading.note(["ports", index], `${port.protocol} ports are not published`);
        continue;
      }
      if (port.hostIp !== undefined && port.hostIp !== "127.0.0.1")
        reading.note(["ports", index], `published on 127.0.0.1, not on ${port.hostIp}`);
      ports.push({
        name: uniqueName(port.name ?? `p${port.container}`, ports),
        container: port.container,
        host: port.host,
        scheme: schemeOf(port.container, image),
      });
    }
  }
  return ports;
}

/** A port that the probe needs and the file does not publish gets a free one. */
export function withNeededPort(
  ports: readonly Port[],
  container: number,
  image: string | undefined,
): { ports: readonly Port[]; name: string } {
  const found = ports.find((port) => port.container === container);
  if (found !== undefined) return { ports, name: found.name };
  const name = uniqueName(`p${container}`, ports);
  return { ports: [...ports, { name, container, host: "free", scheme: schemeOf(container, image) }], name };
}

function readPort(reading: Reading, index: number, entry: Tree): readonly ComposePort[] {
  const long = mapOf(entry);
  if (long === undefined) {
    const parsed = parseShortPort(String(entry));
    if (typeof parsed !== "string") return parsed;
    reading.refuse(["ports", index], parsed);
    return [];
  }
  const container = Number(textOf(long["target"]));
  const published = textOf(long["published"]);
  const host =
    published === undefined || published === "" || published.includes("-") ? "free" : Number(published);
  if (!isPort(container) || (host !== "free" && !isPort(host))) {
    reading.refuse(["ports", index], "target and published: expected ports from 1 to 65535");
    return [];
  }
  if (long["mode"] !== undefined && long["mode"] !== "host" && long["mode"] !== "ingress")
    reading.refuse(["ports", index], `unknown mode ${textOf(long["mode"])}`);
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
  name !== undefined && /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name) ? name : undefined;

function uniqueName(name: string, ports: readonly Port[]): string {
  let unique = name;
  for (let number = 2; ports.some((port) => port.name === unique); number++) unique = `${name}-${number}`;
  return unique;
}

function schemeOf(port: number, image: string | undefined): string {
  const known = knownImage(image);
  if (known?.port === port) return known.scheme;
  if (port === 443 || port === 8443) return "https";
  const custom: Readonly<Record<number, string>> = {
    5432: "postgresql",
    6379: "redis",
    3306: "mysql",
    5672: "amqp",
    27017: "mongodb",
  };
  return custom[port] ?? (/^(80|3000|5000|8\d{3}|9\d{3})$/.test(String(port)) ? "http" : "tcp");
}
