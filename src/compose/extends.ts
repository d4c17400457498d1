import { mergeTree } from "./merge.ts";
import type { Findings } from "./problems.ts";
import { type ComposeFile, emptyMap, isTreeMap, type Tree, type TreeMap } from "./tree.ts";

export interface ExtendsOptions {
  readonly file: ComposeFile;
  readonly findings: Findings;
  /** Whether a path means the file itself. */
  readonly isSelf: (path: string) => boolean;
  /** The services of another file, with its own `extends` resolved; undefined: it goes in a circle. */
  readonly servicesOf: (path: string) => Tree | undefined;
}

/** `extends`: the other service is the base, this one is laid over it. */
export function resolveExtends(tree: TreeMap, options: ExtendsOptions): void {
  const services = tree["services"];
  if (!isTreeMap(services)) return;
  const done = new Map<string, Tree>();
  const resolved = (name: string, path: readonly string[]): Tree => {
    const known = done.get(name);
    if (known !== undefined) return known;
    const service = services[name] ?? null;
    if (!isTreeMap(service) || service["extends"] === undefined) return service;
    const { extends: spec, ...own } = service;
    const base = baseOf(spec ?? null, name, path, services, resolved, options);
    const merged = mergeTree(base, Object.assign(emptyMap(), own));
    done.set(name, merged);
    return merged;
  };
  for (const name of Object.keys(services)) services[name] = resolved(name, [name]);
}

function baseOf(
  spec: Tree,
  name: string,
  path: readonly string[],
  services: TreeMap,
  resolved: (name: string, path: readonly string[]) => Tree,
  { file, findings, isSelf, servicesOf }: ExtendsOptions,
): Tree {
  const place = file.place(["services", name, "extends"]);
  const from = isTreeMap(spec) ? String(spec["service"] ?? name) : String(spec);
  const named = isTreeMap(spec) && typeof spec["file"] === "string" ? spec["file"] : undefined;
  const otherFile = named === undefined || isSelf(named) ? undefined : named;
  if (otherFile === undefined && path.includes(from)) {
    findings.refuse(place, `extends goes in a circle: ${[...path, from].join(" → ")}`);
    return null;
  }
  if (otherFile === undefined) {
    const base = services[from] === undefined ? null : resolved(from, [...path, from]);
    if (base === null) findings.refuse(place, `extends: there is no service "${from}"`);
    return base;
  }
  const others = servicesOf(otherFile);
  if (others === undefined) {
    findings.refuse(place, `extends goes in a circle through ${otherFile}`);
    return null;
  }
  const base = isTreeMap(others) ? (others[from] ?? null) : null;
  if (base === null) findings.refuse(place, `extends: there is no service "${from}" in ${otherFile}`);
  return base;
}
