import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { DotenvError, parseDotenv } from "./dotenv.ts";
import type { Variables } from "./interpolate.ts";
import { shownPath } from "./labels.ts";
import type { Findings } from "./problems.ts";

export interface VariableOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly findings: Findings;
}

/** The environment over the `.env` of the folder that we are in, and that over the one of the project's folder. */
export function projectVariables(dir: string, options: VariableOptions): Variables {
  const { env, cwd } = options;
  const own = readVariables(resolve(dir, ".env"), env, options);
  const here = resolve(cwd) === resolve(dir) ? {} : readVariables(resolve(cwd, ".env"), env, options);
  return { PWD: cwd, ...own, ...here, ...env };
}

/** An included file has the including one's variables, and its own .env for what they do not say. */
export function includedVariables(
  envFiles: readonly string[],
  dir: string,
  variables: Variables,
  options: VariableOptions,
): Variables {
  const paths = envFiles.length === 0 ? [resolve(dir, ".env")] : envFiles;
  const own: Record<string, string | undefined> = {};
  for (const path of paths) {
    if (envFiles.length > 0 && !existsSync(path))
      options.findings.refuse({ file: shownPath(path, options.cwd), line: 1 }, "there is no such file");
    Object.assign(own, readVariables(path, variables, options));
  }
  return { ...own, ...variables };
}

export function lineOf(error: unknown): number {
  return error instanceof DotenvError ? error.line : 1;
}

function readVariables(
  path: string,
  outer: Variables,
  { cwd, findings }: VariableOptions,
): Record<string, string | undefined> {
  if (!existsSync(path)) return {};
  try {
    return parseDotenv(readFileSync(path, "utf8"), outer);
  } catch (error) {
    findings.refuse({ file: shownPath(path, cwd), line: lineOf(error) }, (error as Error).message);
    return {};
  }
}
