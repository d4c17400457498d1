import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { listContext } from "../../runtime/container/images/context.ts";
import { contentDigest, DigestCache } from "../../runtime/container/images/digest-cache.ts";

/** Runs write there while their stack is up. */
const everythingElse = {
  ignores: (path: string) => /(^|\/)\.rollcall$/.test(path),
  hasExceptions: false,
  known: true,
};

/** SHA-256 over a file, or over a folder with all that is in it; "": it cannot be read. */
export async function pathDigest(path: string): Promise<string> {
  try {
    const found = await stat(path);
    return found.isDirectory() ? await folderDigest(path) : contentDigest(await readFile(path));
  } catch {
    return "";
  }
}

async function folderDigest(folder: string): Promise<string> {
  const hash = createHash("sha256");
  const cache = await DigestCache.open(folder);
  for (const file of await listContext(folder, everythingElse))
    hash.update(`${JSON.stringify([file.path, file.mode, await cache.digestOf(file)])}\n`);
  await cache.save();
  return hash.digest("hex");
}
