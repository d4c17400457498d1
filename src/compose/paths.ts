import { isAbsolute, resolve } from "node:path";
import { emptyMap, isTreeMap, Marked, type Tree, type TreeMap } from "./tree.ts";

/**
 * Makes the paths of a file absolute before it is merged with others: those of included and extended files are
 * relative to their own folders.
 */
export function absolutePaths(tree: TreeMap, dir: string): void {
  for (const service of mapsOf(tree["services"])) {
    change(service, "build", (build) => absoluteBuild(build, dir));
    change(service, "env_file", (value) => asList(value).map((entry) => absoluteEntry(entry, "path", dir)));
    change(service, "label_file", (value) => asList(value).map((entry) => absoluteEntry(entry, "path", dir)));
    change(service, "volumes", (value) => asList(value).map((volume) => absoluteVolume(volume, dir)));
  }
  for (const section of ["secrets", "configs"]) {
    for (const entry of mapsOf(tree[section])) change(entry, "file", (file) => absoluteText(file, dir));
  }
}

export function absolute(path: string, dir: string): string {
  if (isRemote(path)) return path;
  if (path === "~" || path.startsWith("~/")) return (process.env["HOME"] ?? "") + path.slice(1);
  return isAbsolute(path) ? path : resolve(dir, path);
}

/** A build context that is no folder of this machine. */
export function isRemote(path: string): boolean {
  return /^([a-z+]+:\/\/|git@|github\.com\/)/i.test(path);
}

function mapsOf(section: Tree | undefined): TreeMap[] {
  return isTreeMap(section) ? Object.values(section).filter(isTreeMap) : [];
}

function change(map: TreeMap, key: string, to: (value: Tree) => Tree): void {
  const value = map[key];
  if (value === undefined || value === null) return;
  map[key] = value instanceof Marked ? new Marked(value.mark, to(value.value)) : to(value);
}

function asList(value: Tree): Tree[] {
  return value === null ? [] : Array.isArray(value) ? value : [value];
}

/** The short form is the long one's context, so that a later file may add to it. */
function absoluteBuild(build: Tree, dir: string): Tree {
  const map = isTreeMap(build) ? build : emptyMap();
  if (!isTreeMap(build)) map["context"] = build;
  change(map, "context", (context) => absoluteText(context, dir));
  return map;
}

function absoluteEntry(entry: Tree, key: string, dir: string): Tree {
  if (!isTreeMap(entry)) return absoluteText(entry, dir);
  change(entry, key, (path) => absoluteText(path, dir));
  return entry;
}

function absoluteVolume(volume: Tree, dir: string): Tree {
  if (isTreeMap(volume)) {
    if (volume["type"] === "bind") change(volume, "source", (source) => absoluteText(source, dir));
    return volume;
  }
  const text = String(volume);
  const [source = "", ...rest] = text.split(":");
  return rest.length > 0 && /^[.~/]/.test(source) ? [absolute(source, dir), ...rest].join(":") : text;
}

function absoluteText(value: Tree, dir: string): Tree {
  return typeof value === "string" ? absolute(value, dir) : value;
}
