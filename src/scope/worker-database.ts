import type { Database, DatabaseOptions } from "./database.ts";
import { createDatabasePool } from "./database-pool.ts";

/** What a fixture of a test runner needs: a database for every worker, or for every test. */
export interface WorkerDatabases extends AsyncDisposable {
  /** For the test that begins: the worker's own, or a new one, as `per` says. */
  begin(): Promise<Database>;
  /**
   * The test has ended: its own database is dropped. When it failed and `keepOnFailure` says so, the database stays
   * as it is until the run ends, the next test gets another one, and its URL is told to `onKept`.
   */
  end(outcome: { readonly failed: boolean }): Promise<void>;
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

/** One database for this worker, or for each of its tests; disposing of it drops what was not kept. */
export async function workerDatabase(
  source: DatabaseSource,
  { per = "worker", keepOnFailure = false, onKept }: WorkerDatabaseOptions = {},
): Promise<WorkerDatabases> {
  const { take, close } = await sourceOf(source);
  let current: Promise<Database> | undefined;
  const giveBack = async (): Promise<void> => {
    const database = await current?.catch(() => undefined);
    current = undefined;
    await database?.drop();
  };
  return {
    begin: async () => {
      current ??= take();
      return current;
    },
    end: async ({ failed }) => {
      if (failed && keepOnFailure) {
        const database = await current;
        current = undefined;
        await database?.keep();
        if (database !== undefined) onKept?.(database);
      } else if (per === "test") await giveBack();
    },
    [Symbol.asyncDispose]: async () => {
      try {
        await giveBack();
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
