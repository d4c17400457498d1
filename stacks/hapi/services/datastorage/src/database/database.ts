import pg from "pg";
import type { Logger } from "pino";
import type { Config } from "../config.ts";
import { parseJson } from "../json.ts";
import { DatabaseFailure } from "./failure.ts";

/** How long a statement may take; after that its outcome counts as unknown. */
const STATEMENT_TIMEOUT_MS = 3000;
const BOOT_TIMEOUT_MS = 5000;

export interface Statement {
  readonly text: string;
  readonly values?: readonly unknown[];
  /** Prepared under this name on each connection. */
  readonly name?: string;
}

/** @throws DatabaseFailure */
export type Query = <Row extends object>(statement: Statement) => Promise<Row[]>;

export interface Database {
  readonly query: Query;
  /** Runs `work` in one transaction; a failure rolls back and throws the connection away. */
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T>;
  /** True when the server answers within the limit. */
  answers(timeoutMs: number): Promise<{ readonly ok: true } | { readonly ok: false; readonly error: string }>;
  /** Idle connections are closed, those in use once they are given back. */
  close(): Promise<void>;
}

/**
 * One connection of its own, for boot: the first proof that the server is there.
 * @throws the driver's error
 */
export async function connectOnce(config: Config): Promise<pg.Client> {
  const client = new pg.Client({ ...clientOptions(config), connectionTimeoutMillis: BOOT_TIMEOUT_MS });
  client.on("error", () => {});
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
  return client;
}

export function openDatabase(config: Config, log: Logger): Database {
  const pool = new pg.Pool({
    ...clientOptions(config),
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: STATEMENT_TIMEOUT_MS + 200,
    connectionTimeoutMillis: STATEMENT_TIMEOUT_MS,
    max: config.db.poolMax,
    idleTimeoutMillis: 30_000,
  });
  pool.on("error", (error) => log.warn({ err: error.message }, "an idle database connection was lost"));
  // A checked-out client that loses its connection emits "error" too; its query rejects as well.
  pool.on("connect", (client) => client.on("error", () => {}));

  return {
    query: (statement) => run(pool, statement),
    transaction: (work) => transaction(pool, work),
    answers: (timeoutMs) => answers(pool, timeoutMs),
    close: () => pool.end(),
  };
}

async function run<Row extends object>(on: pg.Pool | pg.PoolClient, statement: Statement): Promise<Row[]> {
  const { text, values = [], name } = statement;
  try {
    const result = await on.query<Row>({
      text,
      values: [...values],
      ...(name === undefined ? {} : { name }),
    });
    return result.rows;
  } catch (cause) {
    throw new DatabaseFailure(cause);
  }
}

async function transaction<T>(pool: pg.Pool, work: (query: Query) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch((cause: unknown) => {
    throw new DatabaseFailure(cause);
  });
  try {
    await run(client, { text: "BEGIN" });
    const result = await work((statement) => run(client, statement));
    await run(client, { text: "COMMIT" });
    client.release();
    return result;
  } catch (error) {
    // Closing the connection rolls back, whatever state it is in.
    client.release(true);
    throw error;
  }
}

async function answers(pool: pg.Pool, timeoutMs: number) {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  const asked = pool.query("SELECT 1");
  asked.catch(() => {});
  try {
    await Promise.race([asked, late]);
    return { ok: true } as const;
  } catch (error) {
    return { ok: false, error: (error as Error).message || "connection failed" } as const;
  } finally {
    clearTimeout(timer);
  }
}

function clientOptions({ db }: Config): pg.ClientConfig {
  return {
    host: db.host,
    port: db.port,
    database: db.name,
    user: db.user,
    password: db.password,
    application_name: "datastorage",
    options: "-c timezone=UTC -c datestyle=ISO",
    keepAlive: true,
    types: { getTypeParser: ((oid: number) => parsers[oid] ?? ((text: string) => text)) as never },
  };
}

const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  16: (text) => text === "t",
  20: Number,
  21: Number,
  23: Number,
  700: Number,
  701: Number,
  1184: rfc3339,
  1700: Number,
  3802: parseJson,
};

/** PostgreSQL's "2025-12-23 10:00:00.12+00" as RFC 3339 with three or six digits of a second. */
export function rfc3339(text: string): string {
  const [, day = "", time = "", fraction = ""] = /^(\S+) (\d\d:\d\d:\d\d)(?:\.(\d+))?\+00$/.exec(text) ?? [];
  if (day === "") return text;
  return `${day}T${time}.${fraction.padEnd(fraction.length > 3 ? 6 : 3, "0")}Z`;
}
