import { emptyMap, isTreeMap, Marked, type Tree, type TreeMap } from "./tree.ts";

/** Sequences that a later file replaces instead of adding to (compose specification, "Merge"). */
const replaced = new Set(["command", "entrypoint", "test"]);
/** Lists of KEY=value that merge by key. */
const keyed = new Set(["environment", "labels", "args", "annotations", "extra_hosts", "sysctls"]);

/** A later file, or an extending service, over an earlier one. */
export function mergeTree(base: Tree | undefined, over: Tree | undefined, key = ""): Tree {
  if (over === undefined) return base ?? null;
  if (over instanceof Marked) return over.mark === "reset" ? null : plain(over.value);
  if (base === undefined || base === null) return plain(over);
  if (over === null) return base;
  if (keyed.has(key)) return mergeTree(keyedMap(base), keyedMap(over));
  if (isTreeMap(base) && isTreeMap(over)) return mergeMaps(base, over);
  if (key === "depends_on" || key === "networks") return mergeMaps(namedMap(base), namedMap(over));
  if (Array.isArray(base) && Array.isArray(over))
    return replaced.has(key) ? plain(over) : mergeLists(base, over, key);
  if (Array.isArray(base) && typeof over === "string" && ["env_file", "dns", "tmpfs"].includes(key))
    return mergeLists(base, [over], key);
  return plain(over);
}

function mergeMaps(base: TreeMap, over: TreeMap): TreeMap {
  const out = emptyMap();
  for (const [key, value] of Object.entries(base)) out[key] = value;
  for (const [key, value] of Object.entries(over)) {
    if (value instanceof Marked && value.mark === "reset") delete out[key];
    else out[key] = mergeTree(out[key], value, key);
  }
  return out;
}

/** Ports and volumes are unique by what they are mounted on; other lists are joined without repetition. */
function mergeLists(base: readonly Tree[], over: readonly Tree[], key: string): Tree[] {
  const identity = identities[key] ?? ((item: Tree) => JSON.stringify(item));
  const out = new Map<string, Tree>();
  for (const item of [...base, ...over]) out.set(identity(item), plain(item));
  return [...out.values()];
}

const identities: Readonly<Record<string, (item: Tree) => string>> = {
  volumes: volumeTarget,
  ports: portIdentity,
  secrets: grantTarget,
  configs: grantTarget,
  env_file: (item) => String(isTreeMap(item) ? item["path"] : item),
};

function grantTarget(item: Tree): string {
  return String(isTreeMap(item) ? (item["target"] ?? item["source"]) : item);
}

function volumeTarget(item: Tree): string {
  if (isTreeMap(item)) return String(item["target"] ?? JSON.stringify(item));
  const parts = String(item).split(":");
  return parts.length === 1 ? (parts[0] ?? "") : (parts[1] ?? "");
}

function portIdentity(item: Tree): string {
  if (!isTreeMap(item)) return String(item);
  return [item["host_ip"], item["target"], item["published"], item["protocol"]]
    .map((part) => String(part ?? ""))
    .join(":");
}

/** `[A=1, B]` as `{A: "1", B: null}`. */
export function keyedMap(tree: Tree): Tree {
  if (!Array.isArray(tree)) return tree;
  const out = emptyMap();
  for (const item of tree) {
    const text = String(item);
    const at = text.search(/[=]/);
    const colon = at < 0 ? text.indexOf(":") : -1;
    if (at >= 0) out[text.slice(0, at)] = text.slice(at + 1);
    else if (colon > 0) out[text.slice(0, colon)] = text.slice(colon + 1);
    else out[text] = null;
  }
  return out;
}

/** `[a, b]` as `{a: null, b: null}`. */
export function namedMap(tree: Tree): TreeMap {
  if (isTreeMap(tree)) return tree;
  const out = emptyMap();
  for (const item of Array.isArray(tree) ? tree : []) out[String(item)] = null;
  return out;
}

/** A tree without marks: what they were for has been done. */
export function plain(tree: Tree): Tree {
  if (tree instanceof Marked) return tree.mark === "reset" ? null : plain(tree.value);
  if (Array.isArray(tree)) return tree.map(plain);
  if (!isTreeMap(tree)) return tree;
  const out = emptyMap();
  for (const [key, value] of Object.entries(tree)) {
    if (value instanceof Marked && value.mark === "reset") continue;
    out[key] = plain(value);
  }
  return out;
}
