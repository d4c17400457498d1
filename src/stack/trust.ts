import { lstatSync, type Stats, statSync } from "node:fs";
import { RollcallError } from "../errors/rollcall-error.ts";
import { quoted } from "../util/quoted.ts";

/** Who a file may belong to, for it to be executed without having been named. */
export interface Trusting {
  readonly uid: number;
  readonly gid: number;
}

/** Undefined where the system has no such owners. */
export function ownTrust(): Trusting | undefined {
  const uid = process.getuid?.();
  const gid = process.getgid?.();
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

/**
 * A file that would be executed, and was only met on the way upwards, must not be somebody else's.
 *
 * @throws RollcallError FILE_UNTRUSTED
 */
export function checkTrusted(file: string, trust: Trusting | undefined = ownTrust()): void {
  if (trust === undefined) return;
  // Of a symbolic link the link and what it points to.
  const reason = distrust(lstatSync(file), trust) ?? distrust(statSync(file), trust);
  if (reason === undefined) return;
  throw new RollcallError("FILE_UNTRUSTED", {
    message: `${quoted(file, 300)} was found by looking upwards and would be executed, but ${reason}.`,
    hint: `If you trust it, name it: --file ${file}`,
  });
}

function distrust(stats: Stats, { uid, gid }: Trusting): string | undefined {
  if (stats.uid !== uid && stats.uid !== 0) return `it belongs to another user (uid ${stats.uid})`;
  if (stats.isSymbolicLink()) return undefined;
  if ((stats.mode & 0o002) !== 0) return "everybody may write to it";
  // A group of the user's own is what many systems give every user.
  if ((stats.mode & 0o020) !== 0 && stats.gid !== gid && stats.gid !== 0) {
    return `another group (gid ${stats.gid}) may write to it`;
  }
  return undefined;
}
