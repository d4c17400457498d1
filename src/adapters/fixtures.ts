import type { StackDefinition } from "../stack/define.ts";
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
  type Stack = StackInTests<Services, Exports>;
  // Runners read the names of the fixtures that one needs from its source: the braces must be there.
  // biome-ignore lint/correctness/noEmptyPattern: see above
  const stack = scoped<Fixture<object, Stack>>("worker", async ({}, use) => use(stackInTests(definition)));
  if (database === undefined) return { stack };
  const databaseUrl = scoped<Fixture<{ stack: Stack }, string>>(per, async ({ stack }, use) => {
    const own = await stack.service(database).database();
    try {
      await use(own.url);
    } finally {
      await own.drop();
    }
  });
  return { stack, databaseUrl };
}

function scoped<Function>(scope: "worker" | "test", fixture: Function): Function {
  return [fixture, { scope }] as unknown as Function;
}
