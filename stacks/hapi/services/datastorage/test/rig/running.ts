import { afterAll, beforeAll, inject } from "vitest";
import { createDatabase, type Env, type RunningService, serviceEnv, sql, startService } from "./service.ts";

export interface Running {
  readonly service: RunningService;
  readonly database: string;
  sql<Row extends object = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<Row[]>;
}

/** One service on a database of its own for the tests of a file. */
export function useService(env: Env = {}): Running {
  let service: RunningService | undefined;
  let database = "";
  const stores = { postgresPort: inject("postgresPort"), redisPort: inject("redisPort") };
  beforeAll(async () => {
    database = await createDatabase(stores.postgresPort);
    service = await startService({ ...serviceEnv(stores, database), ...env });
  });
  afterAll(async () => {
    await service?.stop("SIGKILL");
  });
  return {
    get service() {
      if (service === undefined) throw new Error("the service is not running");
      return service;
    },
    get database() {
      return database;
    },
    sql: (text, values) => sql(stores.postgresPort, database, text, values),
  };
}
