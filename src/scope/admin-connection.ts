import { setTimeout as delay } from "node:timers/promises";
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
  /**
   * Called with the payload of every notification of this channel. A lost connection is then opened again by itself, and
   * it is called without one: what was told meanwhile has not been heard.
   */
  listen(channel: string, onNotified: (payload?: string) => void): Promise<void>;
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
const reconnectAfterMs = 250;
/** What would wait for ever behind a stopped process is an error after a minute. */
export const lockLimit = "60s";

export function createAdminConnection(
  access: PostgresAccess,
  setUp = `SET synchronous_commit = off; SET lock_timeout = '${lockLimit}'`,
): AdminConnection {
  let opened: Promise<PgClient> | undefined;
  /** Also while it connects. */
  let current: PgClient | undefined;
  const listeners = new Map<string, (payload?: string) => void>();
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
      if (current !== client) return;
      current = undefined;
      opened = undefined;
      if (listeners.size > 0 && !renewing) void listenAgain();
    };
    client.on("error", lost);
    client.on("end", lost);
    client.on("notification", ({ channel, payload = "" }) => listeners.get(channel)?.(payload));
    try {
      const connecting = client.connect();
      if (waiting === 0) client.unref();
      await connecting;
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

  let renewing = false;
  const listenAgain = async (): Promise<void> => {
    renewing = true;
    let again = false;
    while (!again && !closed) {
      await delay(reconnectAfterMs, undefined, { ref: false });
      again = await connected().then(
        () => true,
        () => false,
      );
    }
    renewing = false;
    for (const onNotified of listeners.values()) onNotified();
  };

  let last: Promise<unknown> = Promise.resolve();
  const send = (text: string, values: readonly unknown[] = []): Promise<readonly Row[]> => {
    const sent = last.then(async () => {
      const client = await connected();
      return (await client.query<Row>(text, [...values])).rows;
    });
    last = sent.catch(ignore);
    return sent;
  };

  const held = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    waiting += 1;
    try {
      current?.ref();
      return await work();
    } finally {
      waiting -= 1;
      if (waiting === 0) current?.unref();
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
