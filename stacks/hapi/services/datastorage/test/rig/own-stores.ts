import { afterAll, beforeAll } from "vitest";
import { createDatabase, type Env, type RunningService, serviceEnv, sql, startService } from "./service.ts";
import { createPostgres, createRedisServer, type Store } from "./stores.ts";

export interface OwnStores {
  readonly postgres: Store;
  readonly redis: Store;
  readonly env: Record<string, string>;
  start(env?: Env): Promise<RunningService>;
  sql<Row extends object = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<Row[]>;
}

/** A PostgreSQL and a Redis that the tests of a file may stop, with a database in it; services end with the file. */
export function useOwnStores(): OwnStores {
  const held: { postgres?: Store; redis?: Store; database: string } = { database: "" };
  const services: RunningService[] = [];
  const need = (store: Store | undefined): Store => {
    if (store === undefined) throw new Error("the stores are not running");
    return store;
  };
  const env = () =>
    serviceEnv({ postgresPort: need(held.postgres).port, redisPort: need(held.redis).port }, held.database);
  beforeAll(async () => {
    const [postgres, redis] = await Promise.all([createPostgres(), createRedisServer()]);
    Object.assign(held, { postgres, redis, database: await createDatabase(postgres.port) });
  });
  afterAll(async () => {
    await Promise.all(services.map((service) => service.stop("SIGKILL")));
    await Promise.all([held.postgres?.remove(), held.redis?.remove()]);
  });
  return {
    get postgres() {
      return need(held.postgres);
    },
    get redis() {
      return need(held.redis);
    },
    get env() {
      return env();
    },
    async start(more = {}) {
      const service = await startService({ ...env(), ...more });
      services.push(service);
      return service;
    },
    sql: (text, values) => sql(need(held.postgres).port, held.database, text, values),
  };
}
