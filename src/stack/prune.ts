import type { Path } from "./problem.ts";

/** Takes parts away from plain data, and remembers where what is left was before. */
export class Pruning {
  value: unknown;
  readonly #removed = new Map<string, number[]>();

  constructor(value: unknown) {
    this.value = value;
  }

  /** @returns whether anything was taken away */
  remove(paths: readonly Path[]): boolean {
    const places = paths.map((path) => (has(this.value, path) ? path : path.slice(0, -1)));
    // Later items first: the places of earlier ones stay what they are.
    const ordered = [...new Map(places.map((path) => [JSON.stringify(path), path])).values()];
    ordered.sort((a, b) => comparePaths(b, a));
    let changed = false;
    const originals = ordered.map((path) => ({ path, original: this.original(path) }));
    for (const { path, original } of originals) {
      if (!has(this.value, path)) continue;
      changed = true;
      if (path.length === 1 && path[0] === "name") {
        this.value = { ...(this.value as object), name: "unnamed" };
        continue;
      }
      this.value = without(this.value, path);
      const index = original.at(-1);
      if (typeof index === "number") this.#indexes(original.slice(0, -1)).push(index);
    }
    return changed && this.value !== undefined;
  }

  /** Where a place of `value` was in the beginning. */
  readonly original = (path: Path): Path => {
    const before: (string | number)[] = [];
    for (const key of path) {
      if (typeof key === "string") {
        before.push(key);
        continue;
      }
      let index = key;
      const removed = this.#removed.get(JSON.stringify(before)) ?? [];
      for (const gone of [...removed].sort((a, b) => a - b)) if (gone <= index) index++;
      before.push(index);
    }
    return before;
  };

  #indexes(list: Path): number[] {
    const key = JSON.stringify(list);
    const indexes = this.#removed.get(key) ?? [];
    this.#removed.set(key, indexes);
    return indexes;
  }
}

/** Plain data only, with no object shared between two places (YAML aliases), so that one can be taken away. */
export function plainCopy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainCopy);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(entries.map(([key, inner]) => [key, plainCopy(inner)]));
}

export function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, key) => (has(inner, [key]) ? (inner as never)[key] : undefined), value);
}

export function without(value: unknown, path: Path): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return undefined;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return value;
  const inner =
    rest.length === 0 ? undefined : without((value as Record<string | number, unknown>)[key], rest);
  if (Array.isArray(value))
    return value.flatMap((item, index) => (index !== key ? [item] : rest.length === 0 ? [] : [inner]));
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, item]) => {
      if (name !== String(key)) return [[name, item]];
      return rest.length === 0 ? [] : [[name, inner]];
    }),
  );
}

/** The order of a document, as far as keys tell it: used with positions instead of names. */
export function comparePaths(a: Path, b: Path): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const [left, right] = [a[index] ?? "", b[index] ?? ""];
    if (left === right) continue;
    if (typeof left === "number" && typeof right === "number") return left - right;
    return String(left) < String(right) ? -1 : 1;
  }
  return a.length - b.length;
}

/** A path with the positions of its keys instead of their names; unknown ones come after all others. */
export function positions(value: unknown, path: Path): readonly number[] {
  let inner = value;
  return path.map((key) => {
    const known = typeof inner === "object" && inner !== null;
    const index = known ? Object.keys(inner as object).indexOf(String(key)) : -1;
    inner = at(inner, [key]);
    return index === -1 ? Number.MAX_SAFE_INTEGER : index;
  });
}

function has(value: unknown, path: Path): boolean {
  const [key, ...rest] = path;
  if (key === undefined) return true;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return false;
  return has((value as Record<string | number, unknown>)[key], rest);
}
