import type pg from "pg";
import type { PostgresAccess } from "./postgres-url.ts";
import { sqlName } from "./sql-name.ts";

export interface Queries {
  query(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
}

/** One connection, opened when first needed and again after it was lost. Idle, it keeps no process alive. */
export interface AdminConnection extends Queries {
  /** While only these queries run, the process may end. */
  readonly quietly: Queries;
  /** Keeps the process alive until `work` is done, which may wait for queries of others. */
  held<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Called with the payload of every notification of this channel; listens again after a lost connection. */
  listen(channel: string, onNotified: (payload: string) => void): Promise<void>;
  /** Says goodbye; a server that has stopped does not hear it. */
  close(): Promise<void>;
  /** Ends it at once: whoever waits for an answer gets an error, and nothing is sent any more. */
  cut(): void;
}

export type Row = Readonly<Record<string, unknown>>;

interface PgClient extends pg.Client {
  ref(): void;
  unref(): void;
}

const connectLimitMs = 30_000;

export function createAdminConnection(
  access: PostgresAccess,
  // What would wait for ever behind a stopped process is an error after a minute.
  setUp = "SET synchronous_commit = off; SET lock_timeout = '60s'",
): AdminConnection {
  let opened: Promise<PgClient> | undefined;
  /** Also while it connects. */
  let current: PgClient | undefined;
  const listeners = new Map<string, (payload: string) => void>();
  let waiting = 0;
  let closed = false;

  const open = async (): Promise<PgClient> => {
    // Not before somebody needs it: every command would pay for it.
    const { default: pg } = await import("pg");
    refuseClosed();
    const client = new pg.Client({
      ...access,
      connectionTimeoutMillis: connectLimitMs,
      application_name: "rollcall",
    }) as PgClient;
    current = client;
    const lost = () => {
      opened = undefined;
    };
    client.on("error", lost);
    client.on("end", lost);
    client.on("notification", ({ channel, payload = "" }) => listeners.get(channel)?.(payload));
    try {
      await client.connect();
      const listen = [...listeners.keys()].map((channel) => `; LISTEN ${sqlName(channel)}`);
      await client.query(setUp + listen.join(""));
      return client;
    } catch (error) {
      await client.end().catch(ignore);
      throw error;
    }
  };

  const refuseClosed = () => {
    if (closed) throw new Error("the pool has been closed");
  };
  const connected = async (): Promise<PgClient> => {
    refuseClosed();
    opened ??= open().catch((error) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };

  let last: Promise<unknown> = Promise.resolve();
  const send = (text: string, values: readonly unknown[] = []): Promise<readonly Row[]> => {
    const sent = last.then(async () => {
      const client = await connected();
      if (waiting === 0) client.unref();
      return (await client.query<Row>(text, [...values])).rows;
    });
    last = sent.catch(ignore);
    return sent;
  };

  const held = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    waiting += 1;
    try {
      opened?.then((client) => client.ref(), ignore);
      return await work();
    } finally {
      waiting -= 1;
      if (waiting === 0) opened?.then((client) => client.unref(), ignore);
    }
  };

  const query = (text: string, values?: readonly unknown[]) => held(() => send(text, values));

  return {
    query,
    quietly: { query: send },
    held,
    listen: async (channel, onNotified) => {
      listeners.set(channel, onNotified);
      await query(`LISTEN ${sqlName(channel)}`);
    },
    close: async () => {
      closed = true;
      const closing = opened;
      listeners.clear();
      const client = await closing?.catch(ignore);
      client?.ref();
      await client?.end().catch(ignore);
    },
    cut: () => {
      closed = true;
      current?.connection.stream.destroy();
    },
  };
}

/** What is lost already need not be told again. */
function ignore(): undefined {
  return undefined;
}
