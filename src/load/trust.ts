import { lstatSync, type Stats, statSync } from "node:fs";
import { RollcallError } from "../errors/rollcall-error.ts";
import { quoted } from "../util/quoted.ts";

/** Who a file may belong to, for what it says to be executed without its having been named. */
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
 * What a file says would be executed: one that nobody named must not be somebody else's.
 *
 * @param stackFile what is to be named by who trusts it
 * @throws RollcallError FILE_UNTRUSTED
 */
export function checkTrusted(
  file: string,
  {
    trust = ownTrust(),
    stackFile = file,
  }: { readonly trust?: Trusting | undefined; readonly stackFile?: string } = {},
): void {
  if (trust === undefined) return;
  // Of a symbolic link the link and what it points to.
  const reason = distrust(lstatSync(file), trust) ?? distrust(statSync(file), trust);
  if (reason === undefined) return;
  throw new RollcallError("FILE_UNTRUSTED", {
    message: `${quoted(file, 300)} was found, not named, and what it says would be executed, but ${reason}.`,
    hint: `If you trust it, name the stack: --file ${stackFile}`,
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
