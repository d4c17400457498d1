import type { Place } from "./problems.ts";
import { type ComposeFile, isTreeMap, type Tree } from "./tree.ts";

type Path = readonly (string | number)[];

/** Where a key of the merged project stands: in the last file that has it, or its nearest parent. */
export function placeIn(files: readonly ComposeFile[], path: Path): Place {
  for (let length = path.length; length > 0; length--) {
    const here = path.slice(0, length);
    const holders = files.filter((file) => has(file.tree, here));
    const last = holders.at(-1);
    if (last === undefined) continue;
    // The items of a list that several files add to have moved: its key is all that is certain.
    const list = here.findIndex((key) => typeof key === "number");
    const several = list >= 0 && files.filter((file) => has(file.tree, here.slice(0, list))).length > 1;
    return last.place(several ? here.slice(0, list) : here);
  }
  const [first] = files;
  return first === undefined ? { file: "compose.yaml", line: 1 } : first.place(path);
}

function has(tree: Tree, path: Path): boolean {
  let at: Tree | undefined = tree;
  for (const key of path) {
    if (Array.isArray(at)) at = at[Number(key)];
    else if (isTreeMap(at)) at = at[String(key)];
    else return false;
    if (at === undefined) return false;
  }
  return true;
}
