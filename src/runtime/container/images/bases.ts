import { readFile } from "node:fs/promises";
import type { ImageSource } from "../../../stack/types.ts";

/** The images that a Containerfile starts from; undefined: it cannot be read. */
export async function basesOf({
  containerfile,
  args,
}: Extract<ImageSource, { kind: "build" }>): Promise<readonly string[] | undefined> {
  const text =
    "text" in containerfile
      ? containerfile.text
      : await readFile(containerfile.path, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const values = new Map<string, string>();
  const stages = new Set(["scratch"]);
  const bases = new Set<string>();
  for (const line of text.split(/\r?\n/)) {
    const arg = /^\s*ARG\s+(\w+)(?:=(\S*))?/i.exec(line);
    if (arg?.[1] !== undefined && bases.size === 0) values.set(arg[1], args[arg[1]] ?? unquote(arg[2] ?? ""));
    const from = /^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?/i.exec(line);
    if (from?.[1] === undefined) continue;
    const base = from[1].replace(/\$\{?(\w+)\}?/g, (_all, name: string) => values.get(name) ?? "");
    if (!stages.has(base.toLowerCase())) bases.add(base);
    if (from[2] !== undefined) stages.add(from[2].toLowerCase());
  }
  return [...bases];
}

const unquote = (text: string) => text.replace(/^(["'])(.*)\1$/, "$2");
