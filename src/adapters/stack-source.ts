import { dirname } from "node:path";
import { RollcallError } from "../errors/rollcall-error.ts";
import { findStackFile } from "../load/find.ts";
import { loadStack } from "../load/load.ts";
import { definitionHash } from "../run/state/definition-hash.ts";
import { isDefinition, type StackDefinition } from "../stack/define.ts";
import type { Stack } from "../stack/types.ts";
import { toStack } from "../stack/validate.ts";

/** A stack for a test runner: the path of its file or folder, a loaded stack, or what `defineStack` returned. */
export type StackSource<Services extends string = string, Exports extends string = string> =
  | string
  | Stack
  | StackDefinition<Services, Exports>;

/** The names of a definition's services: `ServicesOf<typeof stack>`. */
export type ServicesOf<Definition> =
  Definition extends StackDefinition<infer Services, string> ? Services : string;

/** The names of what a definition exports. */
export type ExportsOf<Definition> =
  Definition extends StackDefinition<string, infer Exports> ? Exports : string;

/**
 * The stack that is meant; without a source the nearest file's. A definition is taken as its file says, when the
 * nearest file holds the same one: relative paths start there, and the command line then means the same run.
 *
 * @throws RollcallError what `loadStack` throws, also where the nearest file cannot be read for a definition
 */
export async function resolveSource(source: StackSource | undefined, cwd: string): Promise<Stack> {
  if (source === undefined || typeof source === "string") return loadStack(source, { cwd });
  if (!isDefinition(source)) return source;
  const nearest = await nearestModule(cwd);
  if (nearest?.name === source.raw.name && (await isSame(nearest, source))) return nearest;
  return toStack(source, { cwd });
}

/** Of the files only a module can hold what a program imports. */
async function nearestModule(cwd: string): Promise<Stack | undefined> {
  try {
    return findStackFile(undefined, cwd).format === "module"
      ? await loadStack(undefined, { cwd })
      : undefined;
  } catch (error) {
    if (error instanceof RollcallError && error.code === "FILE_NOT_FOUND") return undefined;
    throw error;
  }
}

async function isSame(stack: Stack, definition: StackDefinition): Promise<boolean> {
  const { file } = stack;
  if (file === undefined) return false;
  return (
    (await definitionHash(toStack(definition, { cwd: dirname(file) }))) === (await definitionHash(stack))
  );
}

/** The name that a definition, or a loaded stack, has. */
export function nameOf(stack: Stack | StackDefinition): string {
  const name = isDefinition(stack) ? stack.raw.name : stack.name;
  if (typeof name === "string") return name;
  throw new RollcallError("USAGE", { message: `A stack's definition was expected, got ${typeof stack}.` });
}
