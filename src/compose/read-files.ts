import { dirname, resolve } from "node:path";
import { resolveExtends } from "./extends.ts";
import { readInclude } from "./include.ts";
import type { Variables } from "./interpolate.ts";
import { interpolateTree } from "./interpolate-tree.ts";
import { shownPath } from "./labels.ts";
import { mergeTree, plain } from "./merge.ts";
import { absolute, absolutePaths } from "./paths.ts";
import { type ComposeFile, emptyMap, isTreeMap, readComposeFile, type Tree, type TreeMap } from "./tree.ts";
import type { VariableOptions } from "./variables.ts";

export interface ReadFiles {
  readonly tree: TreeMap;
  readonly files: readonly ComposeFile[];
}

interface Around {
  readonly variables: Variables;
  /** Relative paths are relative to it. */
  readonly dir: string;
  readonly options: VariableOptions;
  /** The files that led here. */
  readonly through: readonly string[];
}

/** Several files given together: later ones over earlier ones, all relative to the folder of the first. */
export function readFiles(paths: readonly string[], around: Around): ReadFiles {
  let tree: Tree = emptyMap();
  const files: ComposeFile[] = [];
  for (const path of paths) {
    const read = readFile(path, around);
    tree = mergeTree(tree, read.tree);
    files.push(...read.files);
  }
  return { tree: plain(tree) as TreeMap, files };
}

function readFile(path: string, around: Around): ReadFiles {
  const { variables, dir, options } = around;
  const { findings, cwd } = options;
  const file = readComposeFile(path, shownPath(path, cwd));
  const tree = interpolateTree(file.tree, variables, {
    unset: (name, at) => findings.note(file.place(at), `variable ${name} is not set; it becomes empty`),
    error: (message, at) => findings.refuse(file.place(at), message),
  }) as TreeMap;
  absolutePaths(tree, dir);
  const extended: ComposeFile[] = [];
  resolveExtends(tree, {
    file,
    findings,
    isSelf: (other) => absolute(other, dir) === path,
    servicesOf(other) {
      const target = absolute(other, dir);
      const through = [...around.through, path];
      // Two files may extend each other's services; a circle shows itself the second time.
      if (through.filter((each) => each === target).length > 1) return undefined;
      const read = readFile(target, { ...around, dir: dirname(target), through });
      extended.push(...read.files);
      return read.tree["services"] ?? null;
    },
  });
  const included = readIncluded(tree, file, around);
  return { tree: included.tree, files: [...extended, ...included.files, file] };
}

function readIncluded(tree: TreeMap, file: ComposeFile, around: Around): ReadFiles {
  const { include, ...own } = tree;
  // Marks of this file are for those that it is laid over.
  if (include === undefined || include === null) return { tree, files: [] };
  let merged: Tree = emptyMap();
  const files: ComposeFile[] = [];
  const entries = Array.isArray(include) ? include : [include];
  for (const entry of entries.filter((each) => each !== null)) {
    const read = readEntry(entry, file, around);
    if (read === undefined) continue;
    // The name of a project is that of the including one.
    const { name: _, ...others } = read.tree;
    refuseTwice(others["services"], [merged, tree], file, around);
    merged = mergeTree(merged, Object.assign(emptyMap(), others));
    files.push(...read.files);
  }
  return { tree: mergeTree(merged, Object.assign(emptyMap(), own)) as TreeMap, files };
}

function readEntry(entry: Tree, file: ComposeFile, around: Around): ReadFiles | undefined {
  const { findings, cwd } = around.options;
  const place = file.place(["include"]);
  const included = readInclude(entry, around.dir, around.variables, around.options);
  if (included === undefined) {
    findings.refuse(place, "include: expected a path, or a map with path");
    return undefined;
  }
  const through = [...around.through, file.path];
  const again = included.paths.find((path) => through.includes(resolve(path)));
  if (again !== undefined) {
    const circle = [...through, again].map((path) => shownPath(path, cwd)).join(" → ");
    findings.refuse(place, `include goes in a circle: ${circle}`);
    return undefined;
  }
  const { paths, dir, variables } = included;
  return readFiles(paths, { ...around, dir, variables, through });
}

function refuseTwice(
  services: Tree | undefined,
  others: readonly Tree[],
  file: ComposeFile,
  { options }: Around,
): void {
  for (const name of Object.keys(isTreeMap(services) ? services : {})) {
    const twice = others.some((other) => {
      const known = isTreeMap(other) ? other["services"] : undefined;
      return isTreeMap(known) && known[name] !== undefined;
    });
    if (twice)
      options.findings.refuse(
        file.place(["services", name]),
        `services.${name}: an included file has a service of this name too`,
      );
  }
}
