import { loadStack } from "../load/load.ts";
import type { Stack } from "../stack/types.ts";
import type { TargetOptions } from "./options.ts";

/**
 * The stack that a command line means.
 *
 * @param services those that it names: they take part whatever their profiles
 */
export function loadTarget(
  { file, profile = [] }: TargetOptions,
  services: readonly string[] = [],
): Promise<Stack> {
  return loadStack(file, { cwd: process.cwd(), profiles: profile, services });
}

/** What of the definition is not honoured, each with its place. */
export function tellNotes(stack: Stack, warn: (text: string) => void): void {
  for (const { file, line, text } of stack.notes) warn(`${file}:${line}: ${text}`);
}
