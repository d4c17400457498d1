import { readFile } from "node:fs/promises";
import { join } from "node:path";
import dockerignore from "@balena/dockerignore";

// It is a CommonJS function; its types take it for a module with a default export.
const createRules = dockerignore as unknown as typeof dockerignore.default;

/** Of these an engine applies the first that it finds at the root of a context. */
export const ignoreFiles: readonly string[] = [".containerignore", ".dockerignore"];

export interface Ignore {
  ignores(path: string): boolean;
  /** Whether a folder that is ignored may hold files that are not. */
  readonly hasExceptions: boolean;
  /** Whether the rules are those that the engine will find in the context; it applies them once more. */
  readonly known: boolean;
}

/** The Containerfile's own ignore file, `.containerignore` or `.dockerignore`: the first that is there. */
export async function readIgnore(context: string, containerfile: string | undefined): Promise<Ignore> {
  const own =
    containerfile === undefined ? [] : [`${containerfile}.dockerignore`, `${containerfile}.containerignore`];
  const candidates = [...own, ...ignoreFiles.map((name) => join(context, name))];
  let text = "";
  let known = true;
  for (const candidate of candidates) {
    const found = await readFile(candidate, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
      throw error;
    });
    if (found === undefined) continue;
    text = found;
    known = !own.includes(candidate);
    break;
  }
  // Runs write there while images are being built.
  const lines = [...text.split(/\r?\n/), ".rollcall", "**/.rollcall"];
  const rules = createRules().add(lines);
  return {
    ignores: (path) => rules.ignores(path),
    hasExceptions: lines.some((line) => line.trim().startsWith("!")),
    known,
  };
}
