import { readFileSync } from "node:fs";
import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type ScalarTag,
} from "yaml";
import { RollcallError } from "../errors/rollcall-error.ts";
import type { Place } from "./problems.ts";

/** Plain data of a compose file. Objects have no prototype, so that no key is special. */
export type Tree = null | boolean | number | string | Tree[] | TreeMap | Marked;
export interface TreeMap {
  [key: string]: Tree;
}

/** `!reset` takes an inherited value away, `!override` replaces it instead of merging. */
export class Marked {
  readonly mark: "reset" | "override";
  readonly value: Tree;
  constructor(mark: "reset" | "override", value: Tree) {
    this.mark = mark;
    this.value = value;
  }
}

export interface ComposeFile {
  readonly path: string;
  readonly tree: TreeMap;
  /** The place of a key, or of its nearest known parent. */
  place(path: readonly (string | number)[]): Place;
}

const join = (path: readonly (string | number)[]) => path.join("\u0000");

export function readComposeFile(path: string, shownPath: string): ComposeFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new RollcallError("FILE_NOT_FOUND", {
      message: `${shownPath} cannot be read: ${(cause as Error).message}`,
      cause,
    });
  }
  return parseComposeFile(text, path, shownPath);
}

export function parseComposeFile(text: string, path: string, shownPath: string): ComposeFile {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter,
    merge: true,
    customTags: [marker("reset"), marker("override")].flat(),
  });
  const lines = new Map<string, number>();
  const [error] = document.errors;
  if (error !== undefined) {
    const line = lineCounter.linePos(error.pos[0]).line;
    throw new RollcallError("DEFINITION_INVALID", {
      message: `${shownPath}:${line}: ${error.message.split("\n")[0]}`,
    });
  }
  noteLines(document.contents, [], lines, (offset) => lineCounter.linePos(offset).line, 0);
  const place = (at: readonly (string | number)[]): Place => {
    for (let length = at.length; length > 0; length--) {
      const line = lines.get(join(at.slice(0, length)));
      if (line !== undefined) return { file: shownPath, line };
    }
    return { file: shownPath, line: 1 };
  };
  const tree = fromJs(document.toJS({ maxAliasCount: 10_000 }));
  if (tree !== null && !isTreeMap(tree)) {
    throw new RollcallError("DEFINITION_INVALID", {
      message: `${shownPath}:1: expected a map with a key services, found ${typeof tree}`,
    });
  }
  return { path, tree: tree ?? emptyMap(), place };
}

function marker(mark: "reset" | "override"): ScalarTag[] {
  const resolve = (value: unknown) => new Marked(mark, fromJs(value));
  const scalar = { tag: `!${mark}`, resolve } as unknown as ScalarTag;
  const collection = (kind: "map" | "seq") =>
    ({
      tag: `!${mark}`,
      collection: kind,
      resolve: (node: { toJSON(): unknown }) => resolve(node.toJSON()),
    }) as unknown as ScalarTag;
  return [scalar, collection("map"), collection("seq")];
}

function noteLines(
  node: unknown,
  path: readonly (string | number)[],
  lines: Map<string, number>,
  lineAt: (offset: number) => number,
  depth: number,
): void {
  const target = isAlias(node) ? undefined : (node as Node | null);
  const start = target?.range?.[0];
  if (start !== undefined && !lines.has(join(path))) lines.set(join(path), lineAt(start));
  if (depth > 50) return;
  if (isMap(target)) {
    for (const pair of target.items) {
      if (!isPair(pair) || !isScalar(pair.key)) continue;
      const here = [...path, String(pair.key.value)];
      if (pair.key.range) lines.set(join(here), lineAt(pair.key.range[0]));
      keepOctal(pair.key.value, pair.value);
      noteLines(pair.value, here, lines, lineAt, depth + 1);
    }
  } else if (isSeq(target)) {
    for (const [index, item] of target.items.entries())
      noteLines(item, [...path, index], lines, lineAt, depth + 1);
  }
}

/** `mode: 0440` is octal to compose, and decimal to YAML 1.2: its digits are kept. */
function keepOctal(key: unknown, value: unknown): void {
  if (key === "mode" && isScalar(value) && typeof value.value === "number" && value.source !== undefined)
    value.value = value.source;
}

export function fromJs(value: unknown): Tree {
  if (value instanceof Marked) return value;
  if (Array.isArray(value)) return value.map(fromJs);
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "object" && value !== null) {
    const map = emptyMap();
    for (const [key, entry] of Object.entries(value)) map[key] = fromJs(entry);
    return map;
  }
  if (typeof value === "bigint") return value.toString();
  return value === undefined ? null : (value as Tree);
}

export function emptyMap(): TreeMap {
  return Object.create(null) as TreeMap;
}

export function isTreeMap(tree: Tree | undefined): tree is TreeMap {
  return typeof tree === "object" && tree !== null && !Array.isArray(tree) && !(tree instanceof Marked);
}
