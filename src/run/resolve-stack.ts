import type { StackDefinition } from "../stack/define.ts";
import type { Stack } from "../stack/types.ts";
import { toStack } from "../stack/validate.ts";

/** A stack as it was loaded, or as a program declares it by `defineStack`. */
export type StackInput<Services extends string = string, Exports extends string = string> =
  | Stack
  | StackDefinition<Services, Exports>;

/** Throws DEFINITION_INVALID with every problem. */
export function resolveStack(stack: StackInput): Stack {
  return toStack(stack, { cwd: process.cwd() });
}
