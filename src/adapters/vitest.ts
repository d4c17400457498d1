import type {} from "vitest";
import type { TestProject } from "vitest/node";
import type { StackValues } from "../run/control/stack-values.ts";
import type { StackDefinition } from "../stack/define.ts";
import type { ExportsOf, ServicesOf } from "./stack-source.ts";
import { type StartOptions, startForTests } from "./start-for-tests.ts";

export type { StackValues } from "../run/control/stack-values.ts";
export type { FixtureOptions } from "./fixtures.ts";
export { type ServiceInTests, type StackInTests, stackInTests, type TestDatabase } from "./stack-in-tests.ts";
export type { StackSource } from "./stack-source.ts";
export type { StartOptions } from "./start-for-tests.ts";
export { stackFixtures } from "./vitest-fixtures.ts";

/**
 * Says which stack `inject("rollcall")` is about:
 * `declare module "rollcall/vitest" { interface Register { stack: typeof stack } }`.
 */
// biome-ignore lint/suspicious/noEmptyInterface: users add to it
export interface Register {}

type Registered = Register extends { readonly stack: infer Definition } ? Definition : StackDefinition;

declare module "vitest" {
  interface ProvidedContext {
    rollcall: StackValues<ServicesOf<Registered>, ExportsOf<Registered>>;
  }
}

/** A vitest globalSetup: up once for all workers and all re-runs of watch mode, down when vitest closes. */
export type VitestSetup = (project: TestProject) => Promise<() => Promise<void>>;

/** For a globalSetup file of one's own: `export default createSetup({ stack, runtime: "process" })`. */
export function createSetup<Services extends string, Exports extends string>(
  options: StartOptions<Services, Exports> = {},
): VitestSetup {
  return async (project) => {
    const { maxWorkers: prepared } = project.config;
    const workers = typeof prepared === "number" ? { prepared } : {};
    const { values, down } = await startForTests({ ...workers, ...options }, { cwd: project.config.root });
    // Which stack it is, only the user's Register knows.
    project.provide("rollcall", values as never);
    return down;
  };
}

/** `globalSetup: "rollcall/vitest"`: the nearest stack file, with the defaults. */
export const setup: VitestSetup = createSetup();
