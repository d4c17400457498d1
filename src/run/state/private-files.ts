import { randomBytes } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { lstat, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { RollcallError } from "../../errors/rollcall-error.ts";
import { isAbsence, isRefusal, isShortage } from "../../util/system-error.ts";

/** A record larger than this is not one of ours. */
const largestBytes = 16 * 1024 * 1024;

/** Makes the folder (0700) or proves that it is one, ours, and no symlink. */
export async function ensurePrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const found = await lstat(path);
  if (!found.isDirectory()) throw stateInvalid(path, "it is not a folder (symlinks are refused)");
  if (!isOurs(found)) throw stateInvalid(path, "it belongs to another user");
}

/** The text of a plain file of ours; undefined: it is not there. Symlinks and foreign files are refused. */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  const file = await openWithoutFollowing(path);
  if (file === undefined) return undefined;
  try {
    const found = await file.stat();
    if (!found.isFile()) throw stateInvalid(path, "it is not a plain file");
    if (!isOurs(found)) throw stateInvalid(path, "it belongs to another user");
    if (found.size > largestBytes) throw stateInvalid(path, `it is too large (${found.size} bytes)`);
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

/** The names in a folder; none when it is not there. Throws STATE_INVALID when this user may not see them. */
export async function listFolder(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (isAbsence(error)) return [];
    if (!isRefusal(error)) throw error;
    throw new RollcallError("STATE_INVALID", {
      message: `${path} can't be listed: what runs there belongs to another user.`,
      hint: "Go on as that user (was it brought up with sudo?), or take it down as that user first.",
      cause: error,
    });
  }
}

/** Replaces the file (0600) as a whole: a reader sees the old text or the new one, never a part. */
export async function replacePrivateFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const file = await open(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      await file.writeFile(text);
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

export function stateInvalid(path: string, why: string): RollcallError {
  return new RollcallError("STATE_INVALID", {
    message: `${path} cannot be trusted: ${why}.`,
    hint: `Remove ${dirname(path)} once nothing of it runs; nothing was ended because of it.`,
  });
}

async function openWithoutFollowing(path: string) {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (isAbsence(error)) return undefined;
    if (isShortage(error)) throw error;
    if (code === "ELOOP" || code === "EMLINK") throw stateInvalid(path, "it is a symlink");
    throw stateInvalid(path, `it cannot be opened (${code})`);
  }
}

function isOurs(stats: Stats): boolean {
  return process.getuid === undefined || stats.uid === process.getuid();
}
