import { type WorkerDatabases, workerDatabase } from "../scope/worker-database.ts";
import type { StackDefinition } from "../stack/define.ts";
import { tellKept } from "./kept-database.ts";
import { type StackInTests, stackInTests } from "./stack-in-tests.ts";
import type { ExportsOf, ServicesOf } from "./stack-source.ts";

/**
 * A fixture for `test.extend` of vitest and Playwright. What is handed over is a pair of this function and its scope;
 * of the function alone both runners can infer the fixture's type.
 */
export type Fixture<Dependencies, Value> = (
  dependencies: Dependencies,
  use: (value: Value) => Promise<void>,
) => Promise<void>;

/** What tests get of `stackFixtures(stack)`; Playwright must be told: `base.extend<StackContext<typeof stack>>(…)`. */
export interface StackContext<Definition> {
  stack: StackInTests<ServicesOf<Definition>, ExportsOf<Definition>>;
}

/** What tests get of `stackFixtures(stack, { database })`. */
export interface DatabaseContext<Definition> extends StackContext<Definition> {
  databaseUrl: string;
}

export interface FixtureOptions<Services extends string> {
  /** The PostgreSQL service whose database is cloned for `databaseUrl`. */
  readonly database?: Services;
  /** Who gets a database of its own. @default "worker" */
  readonly per?: "worker" | "test";
  /**
   * A failed test's database stays as it is until the stack goes down, and is named on stderr; the next test gets
   * another one. `databaseUrl` then belongs to a test, also where its database is a worker's: fixtures of a worker
   * cannot use it.
   *
   * @default false
   */
  readonly keepOnFailure?: boolean;
}

export interface StackFixtures<Services extends string, Exports extends string> {
  readonly stack: Fixture<object, StackInTests<Services, Exports>>;
}

export interface DatabaseFixtures<Services extends string, Exports extends string>
  extends StackFixtures<Services, Exports> {
  /** URL of a database of this worker's, or this test's, own. */
  readonly databaseUrl: Fixture<{ stack: StackInTests<Services, Exports> }, string>;
}

/** The fixtures `stack` and, with a database, `databaseUrl`: `base.extend(stackFixtures(stack, { database: "db" }))`. */
export interface MakeFixtures {
  <Services extends string, Exports extends string>(
    definition: StackDefinition<Services, Exports>,
    options: FixtureOptions<NoInfer<Services>> & { readonly database: NoInfer<Services> },
  ): DatabaseFixtures<Services, Exports>;
  <Services extends string, Exports extends string>(
    definition: StackDefinition<Services, Exports>,
  ): StackFixtures<Services, Exports>;
}

/** How it stands with a test, as its runner tells it. */
export interface TestState {
  /** From its file's name on. */
  readonly title: readonly string[];
  readonly failed: boolean;
  /** So many were noticed until now. */
  readonly errors: number;
}

type Use<Value> = (value: Value) => Promise<void>;

/** Lends a database to one test, and asks how that has ended. */
export type Lend = (databases: WorkerDatabases, use: Use<string>, look: () => TestState) => Promise<void>;

/**
 * A runner's `stackFixtures`. Each tells in its own way how a test has ended, and reads from a fixture's source which
 * others that one needs: `ofTest` makes the runner's own fixture, which needs `stackDatabases`.
 */
export function fixturesWith(ofTest: (lend: Lend) => unknown): MakeFixtures {
  const make = <Services extends string, Exports extends string>(
    definition: StackDefinition<Services, Exports>,
    { database, per = "worker", keepOnFailure = false }: FixtureOptions<Services> = {},
  ) => {
    type Stack = StackInTests<Services, Exports>;
    // The braces are part of what runners read.
    // biome-ignore lint/correctness/noEmptyPattern: see above
    const stack = scoped("worker", async ({}, use: Use<Stack>) => use(stackInTests(definition)));
    if (database === undefined) return { stack };
    // Not among the types: a worker's pool, which the runner opens when it is needed and ends with the worker.
    const stackDatabases = scoped(
      "worker",
      async ({ stack }: { stack: Stack }, use: Use<WorkerDatabases>) => {
        const databases = await workerDatabase(stack.service(database).url(), { per, keepOnFailure });
        try {
          await use(databases);
        } finally {
          await databases[Symbol.asyncDispose]();
        }
      },
    );
    const ofWorker = async ({ stackDatabases }: { stackDatabases: WorkerDatabases }, use: Use<string>) =>
      use((await stackDatabases.begin()).url);
    const databaseUrl =
      per === "worker" && !keepOnFailure
        ? scoped("worker", ofWorker)
        : scoped("test", ofTest(lendWith(keepOnFailure)));
    return { stack, stackDatabases, databaseUrl };
  };
  // Runners take pairs, and infer the types of functions.
  return make as unknown as MakeFixtures;
}

function lendWith(keepOnFailure: boolean): Lend {
  return async (databases, use, look) => {
    const before = look().errors;
    const database = await databases.begin();
    try {
      await use(database.url);
    } finally {
      const { title, errors, ...test } = look();
      // A hook after a failed test, or its next repetition, is lent another one, which has nothing to do with it.
      const failed = test.failed && (before === 0 || errors > before);
      await databases.end({ failed, database });
      if (failed && keepOnFailure) tellKept([title.join(" > ")], database.url);
    }
  };
}

function scoped(scope: "worker" | "test", fixture: unknown): readonly unknown[] {
  return [fixture, { scope }];
}
