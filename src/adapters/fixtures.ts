import type { StackDefinition } from "../stack/define.ts";
import { type StackInTests, stackInTests } from "./stack-in-tests.ts";

/** A fixture as vitest and Playwright take it: `test.extend({ … })`. */
export type Fixture<Dependencies, Value> = [
  (dependencies: Dependencies, use: (value: Value) => Promise<void>) => Promise<void>,
  { readonly scope: "worker" | "test" },
];

export interface FixtureOptions<Services extends string> {
  /** The PostgreSQL service whose database is cloned for `databaseUrl`. */
  readonly database?: Services;
  /** Who gets a database of its own. @default "worker" */
  readonly per?: "worker" | "test";
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
export function stackFixtures<Services extends string, Exports extends string>(
  definition: StackDefinition<Services, Exports>,
  options: FixtureOptions<NoInfer<Services>> & { readonly database: NoInfer<Services> },
): DatabaseFixtures<Services, Exports>;
export function stackFixtures<Services extends string, Exports extends string>(
  definition: StackDefinition<Services, Exports>,
): StackFixtures<Services, Exports>;
export function stackFixtures<Services extends string, Exports extends string>(
  definition: StackDefinition<Services, Exports>,
  { database, per = "worker" }: FixtureOptions<Services> = {},
): StackFixtures<Services, Exports> | DatabaseFixtures<Services, Exports> {
  const stack: Fixture<object, StackInTests<Services, Exports>> = [
    // Runners read the names of the fixtures that one needs from its source.
    // biome-ignore lint/correctness/noEmptyPattern: without the braces it would be refused
    async ({}, use) => use(stackInTests(definition)),
    { scope: "worker" },
  ];
  if (database === undefined) return { stack };
  const databaseUrl: Fixture<{ stack: StackInTests<Services, Exports> }, string> = [
    async ({ stack }, use) => {
      const own = await stack.service(database).database();
      try {
        await use(own.url);
      } finally {
        await own.drop();
      }
    },
    { scope: per },
  ];
  return { stack, databaseUrl };
}
