import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { RollcallError } from "../../errors/rollcall-error.ts";
import type { RunIdentity } from "../types.ts";
import type { ServerTrace } from "./members.ts";

/** Whose folder it is: without this file naming the run, nothing in it is removed. No unit can have its name. */
const markFile = ".rollcall-run";
const programFile = "program";
const besideFile = "socket-dir";
const besidePrefix = "/tmp/rollcall-pg-";

type Owned = Pick<RunIdentity, "id" | "tempDir">;

/**
 * The run's folder for data of services, made when missing. Others may pass through it but not list it: a server that
 * refuses root runs as another user and must reach its own folder.
 */
export function makeTempDir({ id, tempDir }: Owned): string {
  mkdirSync(tempDir, { recursive: true, mode: 0o711 });
  const entry = lstatSync(tempDir);
  if (!entry.isDirectory() || entry.uid !== (process.getuid?.() ?? entry.uid)) {
    throw new RollcallError("START_FAILED", {
      message: `${tempDir}, the run's folder for data, is not a folder of yours.`,
      hint: "Set TMPDIR to a folder that only you write to, and start again.",
    });
  }
  chmodSync(tempDir, 0o711);
  const mark = join(tempDir, markFile);
  if (!existsSync(mark)) writeFileSync(mark, `${id}\n`, { mode: 0o600, flag: "wx" });
  return tempDir;
}

/** A unit's own folder in it. */
export function makeUnitDir(run: Owned, unit: string): string {
  const folder = join(makeTempDir(run), unit);
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  chmodSync(folder, 0o711);
  return folder;
}

/** Kept on disk before the server starts: whoever cleans up must know its processes without any record. */
export function noteServer(unitDir: string, program: string): ServerTrace {
  writeFileSync(join(unitDir, programFile), program, { mode: 0o600 });
  return { folder: unitDir, program };
}

export function readServers(run: Owned): readonly ServerTrace[] {
  if (!isOurs(run)) return [];
  return readdirSync(run.tempDir).flatMap((unit) => {
    const folder = join(run.tempDir, unit);
    const program = readText(join(folder, programFile));
    return program === undefined ? [] : [{ folder: realpathSync(folder), program }];
  });
}

/** The path of a socket may have 104 bytes (macOS; Linux 108): where the unit's folder is too deep, one beside it. */
export function makeSocketDir(unitDir: string): string {
  const own = join(unitDir, "socket");
  if (own.length <= 80) {
    mkdirSync(own, { recursive: true, mode: 0o700 });
    return own;
  }
  const beside = mkdtempSync(besidePrefix);
  writeFileSync(join(unitDir, besideFile), beside, { mode: 0o600 });
  return beside;
}

/** Those that lie outside the run's folder, of a start that was cut off. */
async function removeSocketDirs(run: Owned): Promise<void> {
  for (const unit of readdirSync(run.tempDir)) {
    const beside = readText(join(run.tempDir, unit, besideFile));
    if (beside?.startsWith(besidePrefix) && !beside.slice(besidePrefix.length).includes("/")) {
      await rm(beside, { recursive: true, force: true });
    }
  }
}

/** Whether something is there that this run made. */
export function isOurs({ id, tempDir }: Owned): boolean {
  if (!isAbsolute(tempDir) || !isFolder(tempDir)) return false;
  return readText(join(tempDir, markFile))?.trim() === id || readdirSync(tempDir).length === 0;
}

/** What can't be removed stays for the audit to tell. */
export async function removeTempDir(run: Owned): Promise<void> {
  if (!isOurs(run)) return;
  try {
    if (existsSync(run.tempDir)) await removeSocketDirs(run);
    await rm(run.tempDir, { recursive: true, force: true, maxRetries: 3, retryDelay: 20 });
  } catch {
    // A folder of another user, or something that is written meanwhile.
  }
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
