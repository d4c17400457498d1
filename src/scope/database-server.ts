import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { type AdminConnection, createAdminConnection, lockLimit, type Queries } from "./admin-connection.ts";
import { listSql } from "./database-list.ts";
import { type PostgresAccess, postgresUrl } from "./postgres-url.ts";
import { asScopeError } from "./scope-error.ts";

/**
 * The server as whoever makes databases sees it. A database of our own, `rollcall_admin`, lists what was made: whoever
 * is connected to it keeps nobody from copying, renaming or dropping another one, and its advisory locks are seen by
 * every process that works on this server.
 */
export interface DatabaseServer {
  readonly access: PostgresAccess;
  /** For what is answered at once. */
  readonly desk: AdminConnection;
  /** 160004 for 16.4. */
  version(): Promise<number>;
  /** One work after the other in this process, each with the workshop's connection in its hands. */
  inTurn<Result>(work: (workshop: Queries) => Promise<Result>): Promise<Result>;
  /** As `inTurn`; the process may end meanwhile. */
  quietlyInTurn<Result>(work: (workshop: Queries) => Promise<Result>): Promise<Result>;
  closed(): boolean;
  /**
   * What is being made or dropped in the background is not cut off, nor is `last`, unless the server does not answer: a
   * stopped one never closes its side.
   */
  close(last?: () => Promise<void>): Promise<void>;
}

export const adminDatabase = "rollcall_admin";

/** A queue of many workers on a slow disk is long; a stopped process at its head is found all the same. */
const turnLimit = "10min";
const silenceLimitMs = 2_000;
const slownessLimitMs = 20_000;
const noSuchDatabase = "3D000";
const lockNotAvailable = "55P03";

export async function openDatabaseServer(access: PostgresAccess): Promise<DatabaseServer> {
  const admin = { ...access, database: adminDatabase };
  const desk = createAdminConnection(admin);
  const workshop = createAdminConnection(admin);
  try {
    await makeAdminDatabase(access, desk);
  } catch (error) {
    await desk.close();
    throw asScopeError(error, `prepare databases on ${access.host}:${access.port}`);
  }
  let closed = false;
  let version: Promise<number> | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  const next = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const mine = turn.then(work);
    turn = mine.catch(() => {});
    return mine;
  };
  return {
    access,
    desk,
    version: () => {
      version ??= desk.query("SHOW server_version_num").then(([row]) => Number(row?.["server_version_num"]));
      version.catch(() => {
        version = undefined;
      });
      return version;
    },
    inTurn: (work) => workshop.held(() => next(() => work(workshop))),
    quietlyInTurn: (work) => next(() => work(workshop.quietly)),
    closed: () => closed,
    close: async (last = async () => {}) => {
      closed = true;
      const ended = new AbortController();
      void givenUp(desk, ended.signal).then(() => {
        desk.cut();
        workshop.cut();
      });
      await desk.held(last).catch(() => {});
      await workshop.held(() => turn);
      await Promise.all([desk.close(), workshop.close()]);
      ended.abort();
    },
  };
}

/** Resolves when the end has been waited for long enough: soon where nobody answers, later where somebody is slow. */
async function givenUp(desk: AdminConnection, signal: AbortSignal): Promise<void> {
  const pause = (ms: number) => delay(ms, false, { ref: false, signal }).catch(() => false);
  const answered = desk.quietly.query("SELECT 1").then(
    () => true,
    () => false,
  );
  if (await Promise.race([answered, pause(silenceLimitMs)])) await pause(slownessLimitMs);
}

/** The others wait meanwhile, in every process. */
export async function underLock<Result>(
  connection: Queries,
  what: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const key = lockKey(what);
  await connection
    .query(
      `SET lock_timeout = '${turnLimit}'; SELECT pg_advisory_lock(20061, ${key}); SET lock_timeout = '${lockLimit}'`,
    )
    .catch((error) => {
      throw codeOf(error) === lockNotAvailable ? outOfTurn(what, error) : error;
    });
  return unlocking(connection, key, work);
}

/** Nothing is done while another process is at it. */
export async function unlessLocked(
  connection: Queries,
  what: string,
  work: () => Promise<void>,
): Promise<void> {
  const key = lockKey(what);
  const [row] = await connection.query("SELECT pg_try_advisory_lock(20061, $1) AS mine", [key]);
  if (row?.["mine"] === true) await unlocking(connection, key, work);
}

async function unlocking<Result>(
  connection: Queries,
  key: number,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } finally {
    // A lost connection has let go of it already.
    await connection.query("SELECT pg_advisory_unlock(20061, $1)", [key]).catch(() => {});
  }
}

function outOfTurn(what: string, cause: unknown): Error {
  return new Error(`others have been at ${what} for ${turnLimit}, one after the other`, { cause });
}

function lockKey(what: string): number {
  return createHash("sha256").update(`rollcall ${what}`).digest().readInt32BE(0);
}

async function makeAdminDatabase(access: PostgresAccess, desk: AdminConnection): Promise<void> {
  try {
    await desk.query("SELECT 1");
  } catch (error) {
    if (codeOf(error) !== noSuchDatabase) throw error;
    await createAdminDatabase(access).catch(async (failed) => {
      // Another process has been first, and may have disconnected this one for its template.
      await desk.query("SELECT 1").catch(() => {
        throw failed;
      });
    });
  }
  const [table] = await desk.query("SELECT to_regclass('databases') AS found");
  if (table?.["found"] !== null) return;
  await underLock(desk, "tables", () => desk.query(listSql));
}

async function createAdminDatabase(access: PostgresAccess): Promise<void> {
  const { default: pg } = await import("pg");
  const client = new pg.Client({ connectionString: postgresUrl(access) });
  client.on("error", () => {});
  try {
    await client.connect();
    // template1 may be in use by a test; template0 never is.
    await client.query(`CREATE DATABASE ${adminDatabase} TEMPLATE template0`);
  } finally {
    await client.end().catch(() => {});
  }
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
