import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { FileMount, ProcessForm } from "../stack/types.ts";
import type { Reading } from "./context.ts";

const initFolder = "/docker-entrypoint-initdb.d";

/** How a known image runs without an engine; what a process cannot have keeps it from doing so. */
export function processForm(
  reading: Reading,
  form: ProcessForm | undefined,
  files: readonly FileMount[],
): ProcessForm | undefined {
  if (form === undefined || reading.tree["entrypoint"] !== undefined) return undefined;
  if (form.kind !== "postgres") return form;
  const scripts = files.flatMap((file) => initScripts(file));
  // A script of a shell has no place to run in.
  return scripts.every((path) => path.endsWith(".sql")) ? { ...form, initSql: scripts } : undefined;
}

/** In the order in which the image runs them. */
function initScripts(file: FileMount): string[] {
  const target = file.target.replace(/\/+$/, "");
  if (target !== initFolder && !target.startsWith(`${initFolder}/`)) return [];
  if (file.kind !== "bind" && file.kind !== "copy") return [file.target];
  if (!statSync(file.source, { throwIfNoEntry: false })?.isDirectory()) return [file.source];
  return readdirSync(file.source)
    .filter((name) => /\.(sql|sh|gz|xz|zst)$/.test(name))
    .sort()
    .map((name) => join(file.source, name));
}
