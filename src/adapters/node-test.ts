import { after } from "node:test";
import { readValues } from "../run/control/stack-values.ts";
import type { StackDefinition } from "../stack/define.ts";
import { type StackInTests, stackInTests, viewOf } from "./stack-in-tests.ts";
import { nameOf } from "./stack-source.ts";
import { type Started, type StartOptions, startForTests } from "./start-for-tests.ts";

export type { ServiceInTests, StackInTests, TestDatabase } from "./stack-in-tests.ts";
export type { StackSource } from "./stack-source.ts";
export type { StartOptions } from "./start-for-tests.ts";

/**
 * Brings the stack up before the tests of this file, and ends its use after them. Every file of `node --test` is a
 * process of its own: they share the run, and the last one out takes it down. `rollcall run -- node --test`, or
 * `--test-global-setup=rollcall/node-test` from Node 24 on, keeps it up from the first file to the last.
 * Throws StartError: with a top-level await none of the file's tests begins.
 */
export async function useStack<Services extends string, Exports extends string>(
  definition: StackDefinition<Services, Exports>,
  options: Omit<StartOptions<Services, Exports>, "stack"> = {},
): Promise<StackInTests<Services, Exports>> {
  if (readValues(nameOf(definition), process.env) !== undefined) return stackInTests(definition);
  // Said once a file it would be noise.
  const quiet = { progress: "quiet", ...options, stack: definition } as const;
  const { values, down } = await startForTests(quiet, { cwd: process.cwd() });
  after(down);
  return viewOf(() => values);
}

let started: Started | undefined;

/** Node 24's `--test-global-setup`. */
export async function globalSetup(): Promise<void> {
  started = await startForTests({}, { cwd: process.cwd() });
}

/** Node 24's `--test-global-setup`. */
export async function globalTeardown(): Promise<void> {
  await started?.down();
}
