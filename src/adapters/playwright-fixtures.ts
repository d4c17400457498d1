import type { WorkerDatabases } from "../scope/worker-database.ts";
import { fixturesWith, type MakeFixtures } from "./fixtures.ts";

/** What rollcall reads of a test of Playwright. */
interface TestInfo {
  /** From the file's name on. */
  readonly titlePath: readonly string[];
  readonly status?: string;
  readonly expectedStatus: string;
  readonly errors: readonly unknown[];
}

interface Given {
  readonly stackDatabases: WorkerDatabases;
}

/**
 * The fixtures `stack` and, with a database, `databaseUrl`:
 * `base.extend<DatabaseContext<typeof stack>>(stackFixtures(stack, { database: "db" }))`.
 */
export const stackFixtures: MakeFixtures = fixturesWith(
  (lend) =>
    async ({ stackDatabases }: Given, use: (url: string) => Promise<void>, testInfo: TestInfo) =>
      lend(stackDatabases, use, () => ({
        title: testInfo.titlePath,
        failed: testInfo.status !== testInfo.expectedStatus,
        errors: testInfo.errors.length,
      })),
);
