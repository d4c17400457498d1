import { lstatSync, type Stats } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Ignore } from "./ignore.ts";

export interface ContextFile {
  /** Relative, with slashes. */
  readonly path: string;
  readonly absolute: string;
  readonly type: "file" | "folder" | "link";
  readonly mode: number;
  readonly stats: Stats;
}

/** Every file of a build context that is not ignored, sorted by path. */
export async function listContext(context: string, ignore: Ignore): Promise<readonly ContextFile[]> {
  const files: ContextFile[] = [];
  const walk = async (folder: string): Promise<void> => {
    const names = await readdir(join(context, folder));
    for (const name of names) {
      const path = folder === "" ? name : `${folder}/${name}`;
      const ignored = ignore.ignores(path);
      if (ignored && !ignore.hasExceptions) continue;
      const absolute = join(context, path);
      // A thousand awaited looks would cost more than the looks themselves.
      const stats = lstatSync(absolute);
      const type = typeOf(stats);
      if (type === undefined) continue;
      if (!ignored) files.push({ path, absolute, type, mode: stats.mode & 0o7777, stats });
      if (type === "folder") await walk(path);
    }
  };
  await walk("");
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Sockets, pipes and devices don't go into images. */
function typeOf(stats: Stats): ContextFile["type"] | undefined {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "folder";
  return stats.isSymbolicLink() ? "link" : undefined;
}
