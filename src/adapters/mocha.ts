import { type Started, type StartOptions, startForTests } from "./start-for-tests.ts";

export { type ServiceInTests, type StackInTests, stackInTests, type TestDatabase } from "./stack-in-tests.ts";
export type { StackSource } from "./stack-source.ts";
export type { StartOptions } from "./start-for-tests.ts";

/** mocha's global fixtures: they run once, also with --parallel. */
export interface GlobalFixtures {
  mochaGlobalSetup(): Promise<void>;
  mochaGlobalTeardown(): Promise<void>;
}

/** For a file of one's own: `export const { mochaGlobalSetup, mochaGlobalTeardown } = createGlobalFixtures({ … })`. */
export function createGlobalFixtures<Services extends string, Exports extends string>(
  options: StartOptions<Services, Exports> = {},
): GlobalFixtures {
  let started: Started<Services, Exports> | undefined;
  return {
    mochaGlobalSetup: async () => {
      started = await startForTests(options, { cwd: process.cwd() });
    },
    mochaGlobalTeardown: async () => {
      await started?.down();
    },
  };
}

/** `--require rollcall/mocha`: the nearest stack file, with the defaults. */
export const { mochaGlobalSetup, mochaGlobalTeardown } = createGlobalFixtures();
