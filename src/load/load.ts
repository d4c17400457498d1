import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { LoadComposeOptions } from "../compose/load.ts";
import { filesNamedByEnvironment } from "../compose/named-by-environment.ts";
import { overrideOf } from "../compose/override.ts";
import { RollcallError } from "../errors/rollcall-error.ts";
import { definitionError } from "../stack/problem.ts";
import type { Stack } from "../stack/types.ts";
import { validateStack } from "../stack/validate.ts";
import { type FoundFile, findStackFile } from "./find.ts";
import { checkTrusted } from "./trust.ts";

export interface LoadOptions {
  readonly cwd: string;
  /** What compose files interpolate. @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** Compose files: profiles that take part. */
  readonly profiles?: readonly string[];
  /** Compose files: services that were asked for by name take part whatever their profiles. */
  readonly services?: readonly string[];
}

/**
 * Reads and checks a stack file.
 *
 * @param path a file (several: compose files, later ones over earlier ones), a folder that holds one, or undefined:
 * the nearest one from `cwd` upwards
 * @throws RollcallError FILE_NOT_FOUND, FILE_UNTRUSTED, or DEFINITION_INVALID with every mistake
 */
export async function loadStack(
  path: string | readonly string[] | undefined,
  options: LoadOptions,
): Promise<Stack> {
  const paths = typeof path === "string" ? [path] : (path ?? []);
  const named = paths.length > 1 ? undefined : filesNamedByEnvironment(paths[0], options);
  if (named !== undefined) {
    if (named.metIn !== undefined) checkMet([named.metIn, ...named.files], options.cwd);
    return loadComposeFiles(named.files, options);
  }
  const found = await foundFile(paths[0], options.cwd);
  if (found.met) checkMet(readWith(found, options.cwd), found.file);
  if (found.format !== "compose" && paths.length > 1) {
    throw new RollcallError("USAGE", {
      message: `Only compose files are read several at once; ${found.file} is a rollcall file.`,
      hint: "Name one stack file with --file.",
    });
  }
  switch (found.format) {
    case "module":
      return loadModule(found);
    case "document":
      return loadDocument(found.file);
    case "compose":
      return loadComposeFiles([found.file, ...paths.slice(1)], {
        ...options,
        override: paths[0] === undefined || resolve(options.cwd, paths[0]) !== found.file,
      });
  }
}

/** A compose file may have any name; it is known by what it holds. */
async function foundFile(path: string | undefined, cwd: string): Promise<FoundFile> {
  const found = findStackFile(path, cwd);
  if (found.format !== "document" || !/^(?!rollcall).*\.ya?ml$/.test(basename(found.file))) return found;
  const { looksLikeCompose } = await import("../compose/looks-like.ts");
  return looksLikeCompose(await readText(found.file)) ? { ...found, format: "compose" } : found;
}

/** Whatever its format: a stack file says which commands are run. */
function checkMet(files: readonly string[], stackFile: string): void {
  for (const file of files) if (existsSync(file)) checkTrusted(file, { stackFile });
}

/** The file that was met, and what is read with it although nobody named it. */
function readWith({ file, format }: FoundFile, cwd: string): readonly string[] {
  if (format !== "compose") return [file];
  const override = overrideOf(file);
  return [
    file,
    ...(override === undefined ? [] : [override]),
    join(dirname(file), ".env"),
    join(cwd, ".env"),
  ];
}

// Each way of reading brings a library along: what is not needed is not loaded.

async function loadComposeFiles(files: readonly string[], options: LoadComposeOptions): Promise<Stack> {
  const { loadCompose } = await import("../compose/load.ts");
  return loadCompose(files, options);
}

async function loadModule({ file }: FoundFile): Promise<Stack> {
  const { readModule } = await import("./read-module.ts");
  return validateStack(await readModule(file), { dir: dirname(file), file });
}

async function loadDocument(file: string): Promise<Stack> {
  const { readDocument } = await import("../stack/read-document.ts");
  const read = readDocument(await readText(file));
  if (!read.ok) throw definitionError(read.problems, file);
  return validateStack(read.value, { dir: dirname(file), file, lineOf: read.lineOf });
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new RollcallError("FILE_NOT_FOUND", {
      message: `${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: "Check the path and the file's permissions.",
      cause,
    });
  }
}
