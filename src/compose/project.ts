import { basename, dirname, resolve } from "node:path";
import type { Variables } from "./interpolate.ts";
import { toLabel } from "./labels.ts";
import { placeIn } from "./place-in.ts";
import type { Place } from "./problems.ts";
import { readFiles } from "./read-files.ts";
import { emptyMap, isTreeMap, type Tree, type TreeMap } from "./tree.ts";
import { projectVariables, type VariableOptions } from "./variables.ts";

/** All compose files as one: merged, interpolated, with what was extended and included. */
export interface Project {
  readonly name: string;
  /** Relative paths are relative to it. */
  readonly dir: string;
  readonly services: ReadonlyMap<string, ProjectService>;
  readonly volumes: TreeMap;
  readonly secrets: TreeMap;
  readonly configs: TreeMap;
  readonly networks: TreeMap;
  readonly variables: Variables;
  readonly topKeys: readonly string[];
  /** The place of a key. */
  place(path: readonly (string | number)[]): Place;
}

export interface ProjectService {
  readonly name: string;
  readonly tree: TreeMap;
  /** The project's folder. */
  readonly dir: string;
  place(path: readonly (string | number)[]): Place;
}

export function readProject(paths: readonly string[], options: VariableOptions): Project {
  const { cwd, findings } = options;
  const dir = dirname(resolve(cwd, paths[0] ?? ""));
  const variables = projectVariables(dir, options);
  const { tree, files } = readFiles(
    paths.map((path) => resolve(cwd, path)),
    { variables, dir, options, through: [] },
  );
  const place: Project["place"] = (path) => placeIn(files, path);
  const services = new Map<string, ProjectService>();
  for (const [name, service] of Object.entries(sectionOf(tree, "services"))) {
    if (isTreeMap(service))
      services.set(name, {
        name,
        tree: service,
        dir,
        place: (path) => place(["services", name, ...path]),
      });
    else findings.refuse(place(["services", name]), `services.${name}: expected a map`);
  }
  return {
    name: projectName(tree["name"], dir, variables),
    dir,
    services,
    volumes: sectionOf(tree, "volumes"),
    secrets: sectionOf(tree, "secrets"),
    configs: sectionOf(tree, "configs"),
    networks: sectionOf(tree, "networks"),
    variables,
    topKeys: Object.keys(tree),
    place,
  };
}

function sectionOf(tree: TreeMap, key: string): TreeMap {
  const section = tree[key];
  return isTreeMap(section) ? section : emptyMap();
}

function projectName(given: Tree | undefined, dir: string, variables: Variables): string {
  const named = variables["COMPOSE_PROJECT_NAME"] || (typeof given === "string" ? given : "");
  return toLabel(named || basename(dir)) || "stack";
}
