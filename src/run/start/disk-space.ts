import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dataRoot } from "../state/data-root.ts";

/** Below it a start is likely to fail half-way: PostgreSQL's first data alone are 40 MiB, an image some hundreds. */
export const scarceBytes = 512 * 1024 ** 2;

/**
 * A word for each folder whose disk is nearly full; nothing is refused, since nobody knows what a service will write.
 *
 * @param folders the stack's, and where data of services lies
 */
export async function scarceSpace(
  folders: readonly string[],
  freeBytes: (folder: string) => Promise<number> = freeBytesOf,
): Promise<readonly string[]> {
  const free = await Promise.all(folders.map(async (folder) => ({ folder, bytes: await freeBytes(folder) })));
  return free
    .filter(({ bytes }) => bytes < scarceBytes)
    .map(
      ({ folder, bytes }) =>
        `only ${Math.floor(bytes / 1024 ** 2)} MiB are free for ${folder}; services may fail for want of space`,
    );
}

/** What an ordinary user may still write; a disk that cannot be asked is not spoken of. */
async function freeBytesOf(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** Where a run of this stack writes. */
export const foldersOfRun = (stackDir: string): readonly string[] => [
  ...new Set([stackDir, tmpdir(), dataRoot()]),
];
