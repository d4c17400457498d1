import type { WorkerDatabases } from "../scope/worker-database.ts";
import { fixturesWith, type MakeFixtures } from "./fixtures.ts";

/** What rollcall reads of a test of vitest. */
interface Task {
  readonly name: string;
  readonly file: { readonly name: string };
  readonly suite?: Suite;
  /** `test.fails`: its state is turned round after its fixtures have ended. */
  readonly fails?: boolean;
  readonly result?: { readonly state: string; readonly errors?: readonly unknown[] };
}

interface Suite {
  readonly name: string;
  readonly suite?: Suite;
}

interface Given {
  readonly stackDatabases: WorkerDatabases;
  readonly task: Task;
}

/** The fixtures `stack` and, with a database, `databaseUrl`: `base.extend(stackFixtures(stack, { database: "db" }))`. */
export const stackFixtures: MakeFixtures = fixturesWith(
  (lend) =>
    async ({ stackDatabases, task }: Given, use: (url: string) => Promise<void>) =>
      lend(stackDatabases, use, () => ({
        title: [task.file.name, ...suitesOf(task.suite), task.name],
        failed: task.result?.state === (task.fails === true ? "pass" : "fail"),
        errors: task.result?.errors?.length ?? 0,
      })),
);

function suitesOf(suite: Suite | undefined): readonly string[] {
  return suite === undefined ? [] : [...suitesOf(suite.suite), suite.name];
}
