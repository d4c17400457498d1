import { createHash } from "node:crypto";
import type { Stack, Unit } from "../../stack/types.ts";
import { pathDigest } from "./path-digest.ts";

/**
 * SHA-256 over the validated stack, and the files and folders that are copied: equal for "the same definition". What
 * images are built from is compared with what runs (`Place.isCurrent`).
 */
export async function definitionHash(stack: Stack): Promise<string> {
  const { notes: _notes, file: _file, ...what } = stack;
  const hash = createHash("sha256").update(stableJson(what));
  for (const path of stack.units.flatMap(filesOf)) hash.update(`\0${path}\0${await pathDigest(path)}`);
  return hash.digest("hex");
}

function filesOf(unit: Unit): readonly string[] {
  const copied = unit.files.flatMap((file) => (file.kind === "copy" ? [file.source] : []));
  return unit.process?.kind === "postgres" ? [...copied, ...unit.process.initSql] : copied;
}

/** Keys in alphabetical order at every depth. */
export function stableJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
