import { availableParallelism } from "node:os";
import { RollcallError } from "../errors/rollcall-error.ts";
import type { Database, DatabaseOptions } from "./database.ts";
import { createDatabasePool, type DatabasePool } from "./database-pool.ts";
import { createRedisDatabase, type RedisDatabase, resetRedis } from "./redis-database.ts";

/** A private slice of a PostgreSQL or Redis service for whoever asks. Throws USAGE on a service of another kind. */
export interface ServiceScopes {
  /**
   * Makes the template of the database as it is now, unless there is one, and keeps so many clones prepared: call it
   * when the stack is up, before anybody writes.
   *
   * @default size: the number of cores; from: the service's own database
   */
  pool(options?: { readonly size?: number; readonly from?: string }): Promise<DatabasePool>;
  /** A clone of the template, which is made now unless there is one. */
  database(options?: DatabaseOptions & { readonly from?: string }): Promise<Database>;
  /** A numbered database of Redis, or a prefix when all are taken. */
  redisDatabase(): Promise<RedisDatabase>;
  /**
   * PostgreSQL: the service's own database gets the state of the template, clients are disconnected; USAGE when no
   * template was made. Redis: FLUSHDB.
   */
  reset(): Promise<void>;
}

export interface ScopedService {
  readonly name: string;
  readonly kind: "postgres" | "redis" | undefined;
  readonly url: () => string;
}

export interface OpenScopes extends ServiceScopes {
  close(): Promise<void>;
}

export function createServiceScopes({ name, kind, url }: ScopedService): OpenScopes {
  const pools = new Map<string | undefined, Promise<DatabasePool>>();
  const postgresUrl = () => {
    if (kind === "postgres") return url();
    throw unsuitable(name, "PostgreSQL");
  };
  const poolFrom = (from: string | undefined, existing: boolean): Promise<DatabasePool> => {
    const found = pools.get(from);
    if (found !== undefined) return found;
    const made = createDatabasePool({
      adminUrl: postgresUrl(),
      existing,
      ...(from !== undefined && { from }),
    });
    pools.set(from, made);
    made.catch(() => pools.delete(from));
    return made;
  };
  return {
    pool: async ({ size = availableParallelism(), from } = {}) => {
      const pool = await poolFrom(from, false);
      await pool.prepare(size);
      return pool;
    },
    database: async ({ from, ...options } = {}) => (await poolFrom(from, false)).database(options),
    redisDatabase: async () => {
      if (kind !== "redis") throw unsuitable(name, "Redis");
      return createRedisDatabase({ url: url() });
    },
    reset: async () => {
      if (kind === "redis") await resetRedis(url());
      else await (await poolFrom(undefined, true)).reset();
    },
    close: async () => {
      const open = [...pools.values()];
      pools.clear();
      await Promise.all(open.map((pool) => pool.then((opened) => opened.close()).catch(() => {})));
    },
  };
}

function unsuitable(name: string, wanted: string): RollcallError {
  return new RollcallError("USAGE", {
    service: name,
    message: `${name} is not known as ${wanted}: neither its probe nor the scheme of a port says so.`,
    hint: `Use the recipe, a probe of ${wanted}, or a port with its scheme.`,
  });
}
