import { relative } from "node:path";

/** compose's names hold `_` and `.`, ours are RFC 1123 labels. Empty if nothing is left. */
export function toLabel(text: string): string {
  return text
    .toLowerCase()
    .replace(/[_.\s]+/g, "-")
    .replace(/[^a-z0-9-]/g, "")
    .replace(/^-+/, "")
    .slice(0, 63)
    .replace(/-+$/, "");
}

/** Relative to where we are if it lies below, else as it is. */
export function shownPath(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short.startsWith("..") || short === "" ? path : short;
}
