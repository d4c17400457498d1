import type { Address } from "../../probe/types.ts";
import { postgresUrl } from "../../scope/postgres-url.ts";
import { redisUrl } from "../../scope/redis-url.ts";
import {
  createServiceScopes,
  type OpenScopes,
  type ScopedService,
  type ServiceScopes,
} from "../../scope/service-scopes.ts";
import type { ProbeSpec, Stack, Unit } from "../../stack/types.ts";

/** The scopes that this use of a run has opened. */
export interface RunScopes {
  of(service: string, address: (port?: string) => Address): ServiceScopes;
  close(): Promise<void>;
}

export function createRunScopes(stack: Stack): RunScopes {
  const open = new Map<string, OpenScopes>();
  return {
    of(name, address) {
      const unit = stack.units.find((each) => each.name === name);
      const found =
        open.get(name) ?? createServiceScopes({ name, ...(unit ? scopedService(unit, address) : unknown) });
      open.set(name, found);
      const { pool, database, redisDatabase, reset } = found;
      return { pool, database, redisDatabase, reset };
    },
    close: async () => {
      await Promise.all([...open.values()].map((scopes) => scopes.close()));
    },
  };
}

type Scoped = Omit<ScopedService, "name">;

const unknown: Scoped = { kind: undefined, url: () => "" };

/** The probe knows best as whom to connect; else the facts, where a port has the scheme. */
export function scopedService(unit: Unit, address: (port?: string) => Address): Scoped {
  for (const probe of unit.kind === "service" ? flat(unit.ready) : []) {
    if (probe.kind === "postgres")
      return { kind: "postgres", url: () => postgresUrl({ ...probe, ...address(probe.port) }) };
    if (probe.kind === "redis") return redisAt(address, probe);
  }
  const { facts } = unit;
  for (const { name, scheme } of unit.ports) {
    if (/^postgres(ql)?$/.test(scheme)) {
      const { user = "postgres", password = "", database = user } = facts;
      return { kind: "postgres", url: () => postgresUrl({ user, password, database, ...address(name) }) };
    }
    if (scheme === "redis")
      return redisAt(address, { port: name, username: facts["user"], password: facts["password"] });
  }
  return unknown;
}

function redisAt(
  address: (port?: string) => Address,
  spec: Omit<Extract<ProbeSpec, { kind: "redis" }>, "kind">,
): Scoped {
  const { port, username: user = "", password = "" } = spec;
  return { kind: "redis", url: () => redisUrl({ user, password, index: 0, ...address(port) }) };
}

function flat(probe: ProbeSpec): readonly ProbeSpec[] {
  return probe.kind === "all" ? probe.probes.flatMap(flat) : [probe];
}
