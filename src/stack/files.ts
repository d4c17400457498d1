import { type Context, readPath, readTemplate } from "./context.ts";
import type { RawUnit } from "./raw.ts";
import type { FileMount } from "./types.ts";

type RawFile = NonNullable<RawUnit["files"]>[number];
const kinds = ["copy", "content", "bind", "volume", "tmpfs"] as const;

export function buildFiles(context: Context, raw: RawUnit): readonly FileMount[] {
  return (raw.files ?? []).flatMap((file, index) => {
    const mount = buildFile(context, file, index);
    return mount === undefined ? [] : [mount];
  });
}

function buildFile(context: Context, raw: RawFile, index: number): FileMount | undefined {
  const path = [...context.path, "files", index];
  const given = kinds.filter((kind) => raw[kind] !== undefined);
  if (given.length !== 1) {
    context.problems.add({
      path,
      text: "a file comes from exactly one source",
      expected: `one of ${kinds.join(", ")}`,
      found: given.length === 0 ? "none" : given.join(" and "),
      mend: given.length === 0 ? "add copy, content, bind, volume or tmpfs" : "keep one",
    });
    return undefined;
  }
  const { target, readOnly = false } = raw;
  const mode = typeof raw.mode === "string" ? Number.parseInt(raw.mode, 8) : raw.mode;
  if (raw.copy !== undefined) {
    return { kind: "copy", source: readPath(context, [...path, "copy"], raw.copy), target, mode };
  }
  if (raw.content !== undefined) {
    const content = readTemplate(context, [...path, "content"], raw.content, `file ${target}`);
    return { kind: "content", content, target, mode };
  }
  if (raw.bind !== undefined) {
    return { kind: "bind", source: readPath(context, [...path, "bind"], raw.bind), target, readOnly };
  }
  if (raw.volume !== undefined) return { kind: "volume", volume: raw.volume, target, readOnly };
  return { kind: "tmpfs", target, options: raw.options };
}
