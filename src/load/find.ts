import { existsSync, statSync } from "node:fs";
import { dirname, extname, join, resolve } from "node:path";
import { RollcallError } from "../errors/rollcall-error.ts";
import { quoted } from "../util/quoted.ts";

export type FileFormat = "module" | "document" | "compose";

export interface FoundFile {
  readonly file: string;
  readonly format: FileFormat;
  /** Neither the file nor its folder was named: it was met on the way upwards. */
  readonly met: boolean;
}

/** In a folder the first of these that exists is taken. */
export const fileNames = [
  "rollcall.config.ts",
  "rollcall.config.mts",
  "rollcall.config.js",
  "rollcall.config.mjs",
  "rollcall.config.json",
  "rollcall.yaml",
  "rollcall.yml",
  "rollcall.json",
  "compose.yaml",
  "compose.yml",
  "docker-compose.yml",
  "docker-compose.yaml",
] as const;

const moduleExtensions = [".ts", ".mts", ".js", ".mjs"];

/**
 * The stack file that a path means: itself, the one in that folder, or without a path the nearest one from `cwd` upwards.
 *
 * @throws RollcallError FILE_NOT_FOUND
 */
export function findStackFile(path: string | undefined, cwd: string): FoundFile {
  if (path === undefined) return findUpwards(cwd);
  const absolute = resolve(cwd, path);
  const stats = statSync(absolute, { throwIfNoEntry: false });
  if (stats === undefined) {
    throw new RollcallError("FILE_NOT_FOUND", {
      message: `There is no file or folder ${quoted(absolute, 300)}.`,
      hint: "Correct the path that --file names.",
    });
  }
  if (!stats.isDirectory()) return { file: absolute, format: formatOf(absolute), met: false };
  const file = inFolder(absolute);
  if (file !== undefined) return { file, format: formatOf(file), met: false };
  throw new RollcallError("FILE_NOT_FOUND", {
    message: `The folder ${quoted(absolute, 300)} holds no stack file.`,
    hint: `Expected one of ${fileNames.join(", ")}.`,
  });
}

function findUpwards(cwd: string): FoundFile {
  for (let dir = resolve(cwd); ; dir = dirname(dir)) {
    const file = inFolder(dir);
    if (file !== undefined) return { file, format: formatOf(file), met: true };
    if (dir === dirname(dir)) break;
  }
  throw new RollcallError("FILE_NOT_FOUND", {
    message: `Neither ${quoted(cwd, 300)} nor any folder above it holds a stack file.`,
    hint: "Name one with --file, or create rollcall.config.ts or rollcall.yaml.",
  });
}

function inFolder(dir: string): string | undefined {
  return fileNames.map((name) => join(dir, name)).find((file) => existsSync(file));
}

function formatOf(file: string): FileFormat {
  const extension = extname(file);
  if (moduleExtensions.includes(extension)) return "module";
  const name = file.split(/[\\/]/).at(-1) ?? "";
  if (/^rollcall\b/.test(name) || extension === ".json") return "document";
  if (/compose/.test(name)) return "compose";
  return extension === ".yaml" || extension === ".yml" ? "document" : unknownFormat(file);
}

function unknownFormat(file: string): never {
  throw new RollcallError("USAGE", {
    message: `${quoted(file, 300)} is not a stack file; expected .ts, .mts, .js, .mjs, .json, .yaml or .yml.`,
    hint: `Name a stack file, such as ${fileNames[0]}.`,
  });
}
