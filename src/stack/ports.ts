import type { Context } from "./context.ts";
import type { RawUnit } from "./raw.ts";
import type { Port } from "./types.ts";

type RawPort = NonNullable<RawUnit["ports"]>[string];

export function buildPorts(context: Context, raw: RawUnit): readonly Port[] {
  const inContainer = raw.image !== undefined || raw.build !== undefined || raw.recipe !== undefined;
  const ports = Object.entries(raw.ports ?? {}).flatMap(([name, port]) => {
    const built = buildPort(name, port, inContainer);
    if (typeof built !== "string") return [built];
    context.problems.add({
      path: [...context.path, "ports", name],
      text: built,
      expected: 'the port inside the container, such as 8080, "18094:8080" or {container: 8080}',
      found: typeof port === "object" ? "no container" : String(port),
      mend: "add the port that the service listens on inside its container",
    });
    return [];
  });
  if (inContainer) checkContainerPorts(context, ports);
  return ports;
}

/** @returns what is wrong with it, if it cannot be built */
function buildPort(name: string, raw: RawPort, inContainer: boolean): Port | string {
  const { container, host = "free", scheme = schemeOf(name) } = longForm(raw, inContainer);
  if (host !== "free" && !isPort(host)) return `${host} is not a port from 1 to 65535`;
  if (container !== undefined && !isPort(container)) return `${container} is not a port from 1 to 65535`;
  if (container !== undefined) return { name, container, host, scheme };
  if (inContainer) return "the port inside the container is missing";
  // A process listens on the host's port; what it would be in a container does not matter.
  return { name, container: host === "free" ? 8080 : host, host, scheme };
}

type LongPort = Exclude<RawPort, string | number>;

function longForm(raw: RawPort, inContainer: boolean): LongPort {
  if (typeof raw === "object") return raw;
  if (typeof raw === "number") return inContainer ? { container: raw } : { host: raw };
  if (raw === "free") return { host: "free" };
  const [host, container] = raw.split(":").map(Number);
  return { host: host ?? 0, container: container ?? 0 };
}

const isPort = (number: number) => number >= 1 && number <= 65535;

const schemes: Readonly<Record<string, string>> = {
  https: "https",
  tcp: "tcp",
  grpc: "grpc",
  redis: "redis",
  postgres: "postgresql",
  postgresql: "postgresql",
  mysql: "mysql",
  amqp: "amqp",
  mongodb: "mongodb",
  nats: "nats",
  smtp: "smtp",
  kafka: "tcp",
};

function schemeOf(name: string): string {
  return (Object.hasOwn(schemes, name) ? schemes[name] : undefined) ?? "http";
}

function checkContainerPorts(context: Context, ports: readonly Port[]): void {
  const seen = new Map<number, Port>();
  for (const port of ports) {
    const { name, container } = port;
    const other = seen.get(container);
    // Several ports of the host may lead to one inside.
    if (other === undefined || (other.host !== "free" && port.host !== "free")) {
      seen.set(container, port);
      continue;
    }
    context.problems.add({
      path: [...context.path, "ports", name],
      text: `port ${container} inside the container has two names`,
      expected: "one name a port",
      found: `"${other.name}" and "${name}"`,
      mend: "remove one, or correct its number",
    });
  }
}
