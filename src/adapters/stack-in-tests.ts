import { RollcallError } from "../errors/rollcall-error.ts";
import { type Address, readValues, type StackValues } from "../run/control/stack-values.ts";
import type { RuntimeKind } from "../runtime/types.ts";
import type { RedisDatabase } from "../scope/redis-database.ts";
import type { StackDefinition } from "../stack/define.ts";
import { scopesInTests } from "./scopes-in-tests.ts";
import { nameOf } from "./stack-source.ts";

/** A stack that is up, as tests see it. */
export interface StackInTests<Services extends string = string, Exports extends string = string> {
  readonly name: string;
  readonly run: string;
  readonly runtime: RuntimeKind;
  /** Folder with journal and logs. */
  readonly dir: string;
  /** What the stack exports. */
  readonly env: Readonly<Record<Exports, string>>;
  /** Throws USAGE for a service that is not there. */
  service(name: Services): ServiceInTests;
}

export interface ServiceInTests {
  readonly name: string;
  /** Always 127.0.0.1. */
  readonly host: string;
  /** Host port of the first port. */
  readonly port: number;
  /** URL of a port; the first by default. */
  url(port?: string): string;
  address(port?: string): { readonly host: string; readonly port: number };
  /** PostgreSQL: a database of one's own, a clone of the stack's as it was when the tests began. */
  database(): Promise<TestDatabase>;
  /** Redis: a numbered database of one's own, or a prefix when all are taken. Disposing of it empties it. */
  redisDatabase(): Promise<RedisDatabase>;
  /**
   * PostgreSQL: the stack's own database gets the state of the template, its clients are disconnected; USAGE when there
   * is none yet. Redis: FLUSHDB.
   */
  reset(): Promise<void>;
}

export interface TestDatabase {
  readonly url: string;
  readonly name: string;
  /** Idempotent. Databases that nobody drops end with the run. */
  drop(): Promise<void>;
}

/**
 * The stack that the runner's set-up has brought up; its addresses are read when they are asked for.
 * Throws NOT_RUNNING where there is none.
 */
export function stackInTests<Services extends string, Exports extends string>(
  definition: StackDefinition<Services, Exports>,
): StackInTests<Services, Exports> {
  const name = nameOf(definition);
  return viewOf(() => {
    const values = readValues(name, process.env);
    if (values !== undefined) return values as StackValues<Services, Exports>;
    throw new RollcallError("NOT_RUNNING", {
      message: `The stack ${name} has not been brought up for these tests.`,
      hint: "Add rollcall to the test runner's set-up: docs/test-runners.md.",
    });
  });
}

export function viewOf<Services extends string, Exports extends string>(
  read: () => StackValues<Services, Exports>,
): StackInTests<Services, Exports> {
  return {
    get name() {
      return read().name;
    },
    get run() {
      return read().run;
    },
    get runtime() {
      return read().runtime;
    },
    get dir() {
      return read().dir;
    },
    get env() {
      return read().env;
    },
    service: (name) => serviceOf(name, read),
  };
}

function serviceOf(name: string, read: () => StackValues): ServiceInTests {
  const address = (port?: string): Address => {
    const { services, stack } = read();
    const ports = services[name];
    if (ports === undefined) throw unknown(`${stack} has no service`, name, Object.keys(services));
    const found = Object.entries(ports).find(([each]) => port === undefined || each === port)?.[1];
    if (found === undefined) throw unknown(`${name} has no port`, port ?? "", Object.keys(ports));
    return found;
  };
  const scopes = () => scopesInTests({ run: read().run, name, url: address().url });
  return {
    name,
    get host() {
      return address().host;
    },
    get port() {
      return address().port;
    },
    url: (port) => address(port).url,
    address: (port) => ({ host: address(port).host, port: address(port).port }),
    database: async () => {
      const database = await scopes().database();
      return { url: database.url, name: database.name, drop: database.drop };
    },
    redisDatabase: async () => scopes().redisDatabase(),
    reset: async () => scopes().reset(),
  };
}

function unknown(what: string, name: string, known: readonly string[]): RollcallError {
  return new RollcallError("USAGE", {
    message: `${what} "${name}".`,
    hint: known.length === 0 ? "It has none." : `It has ${known.join(", ")}.`,
  });
}
