import { dirname, resolve } from "node:path";
import type { Variables } from "./interpolate.ts";
import { isTreeMap, type Tree } from "./tree.ts";
import { includedVariables, type VariableOptions } from "./variables.ts";

/** One entry of `include`: files that are read as a project of their own. */
export interface Included {
  readonly paths: readonly string[];
  /** Relative paths in them are relative to it. */
  readonly dir: string;
  readonly variables: Variables;
}

/** @returns undefined for what is no entry */
export function readInclude(
  entry: Tree,
  from: string,
  variables: Variables,
  options: VariableOptions,
): Included | undefined {
  const map = isTreeMap(entry) ? entry : { path: entry };
  const paths = texts(map["path"]).map((path) => resolve(from, path));
  const [first] = paths;
  if (first === undefined) return undefined;
  const given = map["project_directory"];
  const dir = typeof given === "string" ? resolve(from, given) : dirname(first);
  const envFiles = texts(map["env_file"]).map((path) => resolve(from, path));
  return { paths, dir, variables: includedVariables(envFiles, dir, variables, options) };
}

function texts(value: Tree | undefined): readonly string[] {
  return (Array.isArray(value) ? value : [value]).filter((item) => typeof item === "string");
}
