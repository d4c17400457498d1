import { existsSync, readFileSync, statSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { parseDotenv } from "./dotenv.ts";
import type { Variables } from "./interpolate.ts";

export interface NamedFiles {
  readonly files: readonly string[];
  /** The `.env` that names them, if the user named neither it nor its folder. */
  readonly metIn: string | undefined;
}

/**
 * The files that COMPOSE_FILE names: of the environment if nothing was given on the command line, or of the `.env` in
 * the folder. A folder with a rollcall file of its own is not asked.
 */
export function filesNamedByEnvironment(
  path: string | undefined,
  { cwd, env = process.env }: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): NamedFiles | undefined {
  const dir = resolve(cwd, path ?? ".");
  if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory() || holdsOwnFile(dir)) return undefined;
  const variables: Variables = { ...readDotenv(dir), ...(path === undefined ? env : {}) };
  const list = variables["COMPOSE_FILE"];
  if (list === undefined || list === "") return undefined;
  const files = list
    .split(variables["COMPOSE_PATH_SEPARATOR"] || delimiter)
    .filter((file) => file !== "")
    .map((file) => resolve(dir, file));
  const met = path === undefined && env["COMPOSE_FILE"] === undefined;
  return { files, metIn: met ? join(dir, ".env") : undefined };
}

function holdsOwnFile(dir: string): boolean {
  const names = ["ts", "mts", "js", "mjs", "json"].map((extension) => `rollcall.config.${extension}`);
  return [...names, "rollcall.yaml", "rollcall.yml", "rollcall.json"].some((name) =>
    existsSync(join(dir, name)),
  );
}

/** A mistake in it is told when the project is read. */
function readDotenv(dir: string): Variables {
  try {
    return parseDotenv(readFileSync(join(dir, ".env"), "utf8"), {});
  } catch {
    return {};
  }
}
