import { InterpolationError, interpolate, type Variables } from "./interpolate.ts";
import { emptyMap, isTreeMap, Marked, type Tree } from "./tree.ts";

/** Puts variables into every value of a tree; keys stay as they are. */
export function interpolateTree(
  tree: Tree,
  variables: Variables,
  on: {
    unset: (name: string, path: readonly (string | number)[]) => void;
    error: (message: string, path: readonly (string | number)[]) => void;
  },
  path: readonly (string | number)[] = [],
): Tree {
  if (typeof tree === "string") {
    try {
      return interpolate(tree, variables, (name) => on.unset(name, path));
    } catch (error) {
      if (!(error instanceof InterpolationError)) throw error;
      on.error(error.message, path);
      return tree;
    }
  }
  if (tree instanceof Marked) return new Marked(tree.mark, interpolateTree(tree.value, variables, on, path));
  if (Array.isArray(tree))
    return tree.map((item, index) => interpolateTree(item, variables, on, [...path, index]));
  if (!isTreeMap(tree)) return tree;
  const out = emptyMap();
  for (const [key, value] of Object.entries(tree))
    out[key] = interpolateTree(value, variables, on, [...path, key]);
  return out;
}
