import { createHash, randomBytes } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { isAbsence } from "./system-error.ts";

/** A file that says who holds something, where the kernel has no names that die with their holder. */
export interface HeldFile<Holder extends object> {
  readonly path: string;
  readonly holder: Holder;
  readonly mode: number;
  readonly lives: (holder: Holder) => boolean;
}

/** Takes the file, also from a dead holder. Gives what lets go of it; undefined: a living one has it. */
export function holdFile<Holder extends object>(file: HeldFile<Holder>): (() => void) | undefined {
  // No two holds have the same content, not even of one process.
  const content = JSON.stringify({ ...file.holder, hold: randomBytes(8).toString("hex") });
  const draft = `${file.path}.${randomBytes(6).toString("hex")}.tmp`;
  writeFileSync(draft, content, { flag: "wx", mode: file.mode });
  try {
    if (!link(draft, file.path) && !takeOver(file, draft)) return undefined;
    return () => {
      if (readText(file.path) === content) rmSync(file.path, { force: true });
    };
  } finally {
    rmSync(draft, { force: true });
  }
}

/** undefined: nobody holds it, or what is there names nobody. */
export function readHolder<Holder extends object>(path: string): Holder | undefined {
  return parse(readText(path) ?? "");
}

/**
 * A dead holder's file is replaced and never removed: whoever removes might remove the next one's. Only one at a time
 * may replace exactly this content, and holds a file of its own for that, in the same way: it may die, too.
 */
function takeOver<Holder extends object>(file: HeldFile<Holder>, draft: string): boolean {
  const found = readText(file.path);
  if (found === undefined) return link(draft, file.path);
  const holder = parse<Holder>(found);
  if (holder !== undefined && file.lives(holder)) return false;
  const name = createHash("sha256").update(found).digest("hex").slice(0, 16);
  const release = holdFile({ ...file, path: `${file.path}.${name}` });
  if (release === undefined) return false;
  try {
    if (readText(file.path) !== found) return false;
    renameSync(draft, file.path);
    return true;
  } finally {
    release();
  }
}

/** A hard link appears with its content, or not at all. */
function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function parse<Holder extends object>(text: string): Holder | undefined {
  try {
    const holder: unknown = JSON.parse(text);
    return typeof holder === "object" && holder !== null ? (holder as Holder) : undefined;
  } catch {
    return undefined;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}
