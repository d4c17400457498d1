import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadStack } from "../../src/load/load.ts";
import type { Stack } from "../../src/stack/types.ts";

export const projectsDir = fileURLToPath(new URL("files", import.meta.url));
export const projects: readonly string[] = readdirSync(projectsDir).sort();

interface Case {
  /** Relative to the project; none: rollcall looks for them. @default the one file of the folder */
  readonly files?: readonly string[];
  readonly services?: readonly string[];
  readonly profiles?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Loads a project of the corpus as the command line would, in an environment of its own. */
export async function loadProject(name: string): Promise<Stack> {
  const dir = join(projectsDir, name);
  const { files, services = [], profiles = [], env = {} } = caseOf(dir);
  const paths = (files ?? [composeFileOf(dir)]).map((file) => join(dir, file));
  return loadStack(paths.length === 0 ? undefined : paths, { cwd: dir, env, services, profiles });
}

function caseOf(dir: string): Case {
  const path = join(dir, "case.json");
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Case) : {};
}

function composeFileOf(dir: string): string {
  return readdirSync(dir).find((file) => /^(docker-)?compose\.ya?ml$/.test(file)) ?? "compose.yaml";
}
