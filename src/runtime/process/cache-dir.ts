import { lstatSync, mkdirSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { RollcallError } from "../../errors/rollcall-error.ts";

/**
 * Where programs are kept that were copied or fetched. Root's own folders are closed to the user that its servers
 * run as, so root's cache lies in the temporary folder.
 */
export function defaultCacheDir(): string {
  const uid = process.getuid?.() ?? 0;
  if (uid === 0) return join(tmpdir(), "rollcall-0-cache");
  return join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "rollcall");
}

/** Made when missing. What is run from it must be nobody else's: a folder that others may write to is refused. */
export function openCacheDir(folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const entry = lstatSync(folder);
  const uid = process.getuid?.() ?? entry.uid;
  if (!entry.isDirectory() || entry.uid !== uid || (entry.mode & 0o022) !== 0) {
    throw new RollcallError("START_FAILED", {
      message: `The cache folder ${folder} is not a folder that only its owner (you) may write to.`,
      hint: "Remove it, or correct its owner and mode (0755).",
    });
  }
  return folder;
}
