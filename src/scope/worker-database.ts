import { setTimeout as delay } from "node:timers/promises";
import type { Database, DatabaseOptions } from "./database.ts";
import { createDatabasePool } from "./database-pool.ts";

/** What a fixture of a test runner needs: a database for every worker, or for every test. */
export interface WorkerDatabases extends AsyncDisposable {
  /** For the test that begins: the worker's own, or a new one, as `per` says. */
  begin(): Promise<Database>;
  /**
   * The test has ended: its own database is released. When it failed and `keepOnFailure` says so, the database stays
   * as it is until the run ends, the next test gets another one, and its URL is told to `onKept`.
   */
  end(outcome: TestOutcome): Promise<void>;
}

export interface TestOutcome {
  readonly failed: boolean;
  /** Which one the test had, where tests run beside each other. @default the one that was handed out last */
  readonly database?: Database;
}

export interface WorkerDatabaseOptions {
  /** @default "worker" */
  readonly per?: "worker" | "test";
  /** @default false */
  readonly keepOnFailure?: boolean;
  readonly onKept?: (database: Database) => void;
}

/** A service of a run; in another process than the run's, the URL of the stack's database. */
export type DatabaseSource = string | { database(options?: DatabaseOptions): Promise<Database> };

const disposalLimitMs = 2_000;

/** One database for this worker, or for each of its tests; disposing of it releases what was not kept. */
export async function workerDatabase(
  source: DatabaseSource,
  { per = "worker", keepOnFailure = false, onKept }: WorkerDatabaseOptions = {},
): Promise<WorkerDatabases> {
  const { take, close } = await sourceOf(source);
  const open = new Map<Database, Promise<Database>>();
  let current: Promise<Database> | undefined;
  const next = (): Promise<Database> => {
    const handedOut = take();
    current = handedOut;
    handedOut.then(
      (database) => open.set(database, handedOut),
      () => {
        // Whoever asks next tries again.
        if (current === handedOut) current = undefined;
      },
    );
    return handedOut;
  };
  const leave = (database: Database): void => {
    if (current === open.get(database)) current = undefined;
    open.delete(database);
  };
  const releaseAll = async (): Promise<void> => {
    await current?.catch(() => {});
    await Promise.all([...open.keys()].map((database) => database.release()));
  };
  return {
    begin: async () => (per === "test" ? next() : (current ?? next())),
    end: async ({ failed, database: had }) => {
      const database = had ?? (await current?.catch(() => undefined));
      if (database === undefined || !open.has(database)) return;
      if (failed && keepOnFailure) {
        leave(database);
        await database.keep();
        onKept?.(database);
      } else if (per === "test") {
        leave(database);
        await database.release();
      }
    },
    [Symbol.asyncDispose]: async () => {
      try {
        await Promise.race([releaseAll(), delay(disposalLimitMs, undefined, { ref: false })]);
      } finally {
        await close();
      }
    },
  };
}

async function sourceOf(source: DatabaseSource) {
  if (typeof source !== "string") return { take: () => source.database(), close: async () => {} };
  const pool = await createDatabasePool({ adminUrl: source });
  return { take: () => pool.database(), close: () => pool.close() };
}
