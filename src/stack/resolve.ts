import type { Port, Reference, Stack, Template, Unit } from "./types.ts";

export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/** Where a reader finds a port of a service. */
export type AddressOf = (service: string, port: string) => HostAndPort;

/** Joins a template; every service and port in it has been checked by the validation. */
export function resolveTemplate(
  template: Template,
  { stack, address }: { readonly stack: Pick<Stack, "units">; readonly address: AddressOf },
): string {
  const units = new Map(stack.units.map((unit) => [unit.name, unit]));
  return template
    .map((part) => (typeof part === "string" ? part : resolveReference(part, units, address)))
    .join("");
}

/** `scheme://user:password@host:port/database`; what the unit has no fact for is left out. */
export function portUrl(unit: Pick<Unit, "facts">, port: Port, { host, port: number }: HostAndPort): string {
  const { user, password, database } = unit.facts;
  const withLogin = loginSchemes.has(port.scheme);
  const secret = password === undefined ? "" : `:${encodeURIComponent(password)}`;
  const name = user === undefined ? "" : encodeURIComponent(user);
  const login = withLogin && name + secret !== "" ? `${name}${secret}@` : "";
  const path = withLogin && database !== undefined ? `/${encodeURIComponent(database)}` : "";
  return `${port.scheme}://${login}${host}:${number}${path}`;
}

/**
 * The addresses as one reader sees them.
 * - `outside` (processes, and clients of the stack everywhere): 127.0.0.1 and the host's port.
 * - `inside` (a container): the peer's name and its container port; for its own ports 0.0.0.0, where it must listen.
 */
export function addressesFor({
  reader,
  addressing,
  stack,
  ports,
}: {
  /** undefined: a client of the stack. */
  readonly reader: string | undefined;
  readonly addressing: "inside" | "outside";
  readonly stack: Pick<Stack, "units">;
  /** Host ports of every unit. */
  readonly ports: ReadonlyMap<string, readonly { readonly name: string; readonly host: number }[]>;
}): AddressOf {
  return (service, name) => {
    if (reader === undefined || addressing === "outside") {
      const published = ports.get(service)?.find((port) => port.name === name);
      if (published === undefined) throw new Error(`no host port was allotted to ${service}.${name}`);
      return { host: "127.0.0.1", port: published.host };
    }
    const port = stack.units.find((unit) => unit.name === service)?.ports.find((one) => one.name === name);
    if (port === undefined) throw new Error(`${service} has no port ${name}`);
    return { host: service === reader ? "0.0.0.0" : service, port: port.container };
  };
}

// A login in an http URL would be sent as basic authentication, which no fact asks for.
const loginSchemes = new Set([
  "postgresql",
  "postgres",
  "redis",
  "rediss",
  "mysql",
  "amqp",
  "amqps",
  "mongodb",
]);

function resolveReference(
  reference: Reference,
  units: ReadonlyMap<string, Unit>,
  address: AddressOf,
): string {
  const unit = units.get(reference.service);
  if (unit === undefined) throw new Error(`no service ${reference.service}`);
  const { property } = reference;
  if (property !== "host" && property !== "port" && property !== "url") {
    const fact = Object.hasOwn(unit.facts, property) ? unit.facts[property] : undefined;
    if (fact === undefined) throw new Error(`${unit.name} has no ${property}`);
    return fact;
  }
  const port = unit.ports.find(({ name }) => reference.port === undefined || name === reference.port);
  if (port === undefined) throw new Error(`${unit.name} has no port ${reference.port ?? ""}`);
  const found = address(unit.name, port.name);
  if (property === "url") return portUrl(unit, port, found);
  return property === "host" ? found.host : String(found.port);
}
