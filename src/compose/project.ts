import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, isAbsolute, relative, resolve } from "node:path";
import { parseDotenv } from "./dotenv.ts";
import { interpolateTree, type Variables } from "./interpolate.ts";
import { mergeTree, plain } from "./merge.ts";
import type { Findings, Place } from "./problems.ts";
import { type ComposeFile, emptyMap, isTreeMap, readComposeFile, type Tree, type TreeMap } from "./tree.ts";

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
  /** The place of a key outside of services. */
  place(path: readonly (string | number)[]): Place;
}

export interface ProjectService {
  readonly name: string;
  readonly tree: TreeMap;
  /** Folder of the file that it stands in. */
  readonly dir: string;
  place(path: readonly (string | number)[]): Place;
}

export interface ProjectOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly findings: Findings;
}

interface Loaded {
  readonly tree: TreeMap;
  readonly files: readonly ComposeFile[];
}

const sections = ["services", "volumes", "secrets", "configs", "networks"] as const;

export function readProject(paths: readonly string[], options: ProjectOptions): Project {
  const first = resolve(options.cwd, paths[0] ?? "");
  const dir = dirname(first);
  const variables: Variables = { ...readDotEnvFile(dir, options), ...options.env };
  const loaded = loadFiles(
    paths.map((path) => resolve(options.cwd, path)),
    variables,
    options,
    [],
  );
  const services = new Map<string, ProjectService>();
  const listed = loaded.tree["services"];
  for (const [name, tree] of Object.entries(isTreeMap(listed) ? listed : {})) {
    if (!isTreeMap(tree)) {
      options.findings.refuse(placeIn(loaded.files, ["services", name]), `services.${name}: expected a map`);
      continue;
    }
    services.set(name, {
      name,
      tree,
      dir,
      place: (path) => placeIn(loaded.files, ["services", name, ...path]),
    });
  }
  const section = (key: (typeof sections)[number]) => {
    const tree = loaded.tree[key];
    return isTreeMap(tree) ? tree : emptyMap();
  };
  return {
    name: projectName(loaded.tree["name"], dir, variables),
    dir,
    services,
    volumes: section("volumes"),
    secrets: section("secrets"),
    configs: section("configs"),
    networks: section("networks"),
    variables,
    topKeys: Object.keys(loaded.tree),
    place: (path) => placeIn(loaded.files, path),
  };
}

function readDotEnvFile(dir: string, { env, findings }: ProjectOptions): Record<string, string | undefined> {
  const path = resolve(dir, ".env");
  if (!existsSync(path)) return {};
  try {
    return parseDotenv(readFileSync(path, "utf8"), env);
  } catch (error) {
    findings.refuse({ file: path, line: lineOf(error) }, (error as Error).message);
    return {};
  }
}

export function lineOf(error: unknown): number {
  return Number(/^line (\d+)/.exec((error as Error).message)?.[1] ?? 1);
}

/** Several files given together: later ones over earlier ones. */
function loadFiles(
  paths: readonly string[],
  variables: Variables,
  options: ProjectOptions,
  including: readonly string[],
): Loaded {
  let tree: Tree = emptyMap();
  const files: ComposeFile[] = [];
  for (const path of paths) {
    const loaded = loadFile(path, variables, options, including);
    tree = mergeTree(tree, loaded.tree);
    files.push(...loaded.files);
  }
  return { tree: plain(tree) as TreeMap, files };
}

function loadFile(
  path: string,
  variables: Variables,
  options: ProjectOptions,
  including: readonly string[],
): Loaded {
  const { findings } = options;
  const file = readComposeFile(path, shownPath(path, options.cwd));
  const interpolated = interpolateTree(file.tree, variables, {
    unset: (name, at) => findings.note(file.place(at), `variable ${name} is not set; it becomes empty`),
    error: (message, at) => findings.refuse(file.place(at), message),
  }) as TreeMap;
  const files: ComposeFile[] = [file];
  absolutePaths(interpolated, dirname(path));
  let tree = interpolated;
  const included = interpolated["include"];
  if (Array.isArray(included)) {
    if (including.includes(path)) {
      findings.refuse(
        file.place(["include"]),
        `include goes in a circle: ${[...including, path].map((p) => shownPath(p, options.cwd)).join(" → ")}`,
      );
      return { tree, files };
    }
    for (const entry of included) {
      const other = loadIncluded(entry, file, variables, options, [...including, path]);
      tree = mergeTree(other.tree, tree) as TreeMap;
      files.push(...other.files);
    }
  }
  resolveExtends(tree, file, files, variables, options);
  return { tree, files };
}

function loadIncluded(
  entry: Tree,
  from: ComposeFile,
  variables: Variables,
  options: ProjectOptions,
  including: readonly string[],
): Loaded {
  const dir = dirname(from.path);
  const list = (value: Tree | undefined) =>
    (Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]).map(String);
  if (typeof entry === "string")
    return loadFiles(
      [resolve(dir, entry)],
      includedVariables([], dirname(resolve(dir, entry)), variables, options),
      options,
      including,
    );
  if (!isTreeMap(entry)) {
    options.findings.refuse(from.place(["include"]), "include: expected paths");
    return { tree: emptyMap(), files: [] };
  }
  const paths = list(entry["path"]).map((path) => resolve(dir, path));
  const envFiles = list(entry["env_file"]).map((path) => resolve(dir, path));
  return loadFiles(
    paths,
    includedVariables(envFiles, dirname(paths[0] ?? dir), variables, options),
    options,
    including,
  );
}

/** An included file has the including one's variables, and its own .env for what they do not say. */
function includedVariables(
  envFiles: readonly string[],
  dir: string,
  variables: Variables,
  options: ProjectOptions,
): Variables {
  if (envFiles.length === 0) return { ...readDotEnvFile(dir, options), ...variables };
  const own: Record<string, string | undefined> = {};
  for (const path of envFiles) {
    try {
      Object.assign(own, parseDotenv(readFileSync(path, "utf8"), variables));
    } catch (error) {
      options.findings.refuse(
        { file: shownPath(path, options.cwd), line: lineOf(error) },
        (error as Error).message,
      );
    }
  }
  return { ...own, ...variables };
}

/** `extends`: the other service is the base, this one is laid over it. */
function resolveExtends(
  tree: TreeMap,
  file: ComposeFile,
  files: ComposeFile[],
  variables: Variables,
  options: ProjectOptions,
): void {
  const services = tree["services"];
  if (!isTreeMap(services)) return;
  const done = new Map<string, Tree>();
  const resolveOne = (name: string, path: readonly string[]): Tree => {
    const known = done.get(name);
    if (known !== undefined) return known;
    const service = services[name];
    if (!isTreeMap(service) || service["extends"] === undefined) return service ?? null;
    const place = file.place(["services", name, "extends"]);
    const spec = service["extends"];
    const from = isTreeMap(spec) ? String(spec["service"] ?? "") : String(spec);
    const otherFile = isTreeMap(spec) && typeof spec["file"] === "string" ? spec["file"] : undefined;
    let base: Tree = null;
    if (otherFile !== undefined) {
      const other = loadFile(resolve(dirname(file.path), otherFile), variables, options, []);
      files.push(...other.files);
      const others = other.tree["services"];
      base = isTreeMap(others) ? (others[from] ?? null) : null;
    } else if (path.includes(from)) {
      options.findings.refuse(place, `extends goes in a circle: ${[...path, from].join(" → ")}`);
    } else base = from in services ? resolveOne(from, [...path, from]) : null;
    if (base === null && !path.includes(from)) {
      options.findings.refuse(
        place,
        `extends: there is no service "${from}"${otherFile === undefined ? "" : ` in ${otherFile}`}`,
      );
    }
    const { extends: _, ...own } = service;
    const merged = mergeTree(base, own);
    done.set(name, merged);
    return merged;
  };
  for (const name of Object.keys(services)) services[name] = resolveOne(name, [name]);
}

/** Paths in a file are relative to that file, also after merging with files of other folders. */
function absolutePaths(tree: TreeMap, dir: string): void {
  const services = tree["services"];
  for (const service of Object.values(isTreeMap(services) ? services : {})) {
    if (!isTreeMap(service)) continue;
    const build = service["build"];
    if (typeof build === "string") service["build"] = absolute(build, dir);
    else if (isTreeMap(build) && typeof build["context"] === "string")
      build["context"] = absolute(build["context"], dir);
    else if (isTreeMap(build)) build["context"] = dir;
    service["env_file"] = absoluteEnvFiles(service["env_file"], dir);
    if (service["env_file"] === null) delete service["env_file"];
    if (Array.isArray(service["volumes"]))
      service["volumes"] = service["volumes"].map((volume) => absoluteVolume(volume, dir));
  }
  for (const key of ["secrets", "configs"]) {
    const section = tree[key];
    for (const entry of Object.values(isTreeMap(section) ? section : {})) {
      if (isTreeMap(entry) && typeof entry["file"] === "string") entry["file"] = absolute(entry["file"], dir);
    }
  }
}

function absoluteEnvFiles(value: Tree | undefined, dir: string): Tree {
  if (typeof value === "string") return [absolute(value, dir)];
  if (!Array.isArray(value)) return null;
  return value.map((entry) => {
    if (!isTreeMap(entry)) return absolute(String(entry), dir);
    const out = emptyMap();
    for (const [key, item] of Object.entries(entry))
      out[key] = key === "path" ? absolute(String(item), dir) : item;
    return out;
  });
}

function absoluteVolume(volume: Tree, dir: string): Tree {
  if (isTreeMap(volume)) {
    if (volume["type"] === "bind" && typeof volume["source"] === "string")
      volume["source"] = absolute(volume["source"], dir);
    return volume;
  }
  const text = String(volume);
  const [source = "", ...rest] = text.split(":");
  return rest.length > 0 && /^[.~/]/.test(source) ? [absolute(source, dir), ...rest].join(":") : text;
}

export function absolute(path: string, dir: string): string {
  if (/^([a-z+]+:\/\/|git@)/i.test(path)) return path;
  if (path === "~" || path.startsWith("~/")) return (process.env["HOME"] ?? "") + path.slice(1);
  return isAbsolute(path) ? path : resolve(dir, path);
}

/** compose: lower case, digits, - and _; ours are RFC 1123 labels, so _ becomes -. */
function projectName(given: Tree | undefined, dir: string, variables: Variables): string {
  const raw =
    typeof given === "string" && given !== "" ? given : (variables["COMPOSE_PROJECT_NAME"] ?? basename(dir));
  return toLabel(raw) || "stack";
}

export function toLabel(text: string): string {
  return text
    .toLowerCase()
    .replace(/[_.\s]+/g, "-")
    .replace(/[^a-z0-9-]/g, "")
    .replace(/^-+/, "")
    .slice(0, 63)
    .replace(/-+$/, "");
}

export function shownPath(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short.startsWith("..") || short === "" ? path : short;
}

/** The last file that has the key says where it stands. */
function placeIn(files: readonly ComposeFile[], path: readonly (string | number)[]): Place {
  for (let length = path.length; length > 0; length--) {
    for (const file of [...files].reverse()) {
      if (has(file.tree, path.slice(0, length))) return file.place(path.slice(0, length));
    }
  }
  const [first] = files;
  return first === undefined ? { file: "compose.yaml", line: 1 } : first.place(path);
}

function has(tree: Tree, path: readonly (string | number)[]): boolean {
  let at: Tree | undefined = tree;
  for (const key of path) {
    if (Array.isArray(at)) at = at[Number(key)];
    else if (isTreeMap(at)) at = at[String(key)];
    else return false;
    if (at === undefined) return false;
  }
  return true;
}
