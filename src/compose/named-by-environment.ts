import { existsSync, readFileSync, statSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { parseDotenv } from "./dotenv.ts";
import type { Variables } from "./interpolate.ts";

/**
 * The files that COMPOSE_FILE names: of the environment if nothing was given on the command line, or of the `.env` in
 * the folder. A folder with a rollcall file of its own is not asked.
 */
export function filesNamedByEnvironment(
  path: string | undefined,
  { cwd, env = process.env }: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): readonly string[] | undefined {
  const dir = resolve(cwd, path ?? ".");
  if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory() || holdsOwnFile(dir)) return undefined;
  const variables: Variables = { ...readDotenv(dir), ...(path === undefined ? env : {}) };
  const files = variables["COMPOSE_FILE"];
  if (files === undefined || files === "") return undefined;
  return files
    .split(variables["COMPOSE_PATH_SEPARATOR"] || delimiter)
    .filter((file) => file !== "")
    .map((file) => resolve(dir, file));
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
