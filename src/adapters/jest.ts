import type { StackDefinition } from "../stack/define.ts";
import type { StackInTests } from "./stack-in-tests.ts";
import type { ExportsOf, ServicesOf } from "./stack-source.ts";

export type { EnvironmentClass } from "./jest-environment.ts";
export type { JestDatabase, JestOptions } from "./jest-options.ts";
export { createSetup, type JestSetup } from "./jest-setup.ts";
export type { ServiceInTests, StackInTests, TestDatabase } from "./stack-in-tests.ts";
export type { StackSource } from "./stack-source.ts";
export type { StartOptions } from "./start-for-tests.ts";

/**
 * Says which stack the global `rollcall` of test files is:
 * `declare module "rollcall/jest" { interface Register { stack: typeof stack } }`.
 */
// biome-ignore lint/suspicious/noEmptyInterface: users add to it
export interface Register {}

type Registered = Register extends { readonly stack: infer Definition } ? Definition : StackDefinition;

declare global {
  /** In test files: the stack that jest's set-up has brought up. */
  var rollcall: StackInTests<ServicesOf<Registered>, ExportsOf<Registered>>;
}
