import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import type { RunIdentity } from "../types.ts";
import type { ServerTrace } from "./members.ts";

/** Whose folder it is: without this file naming the run, nothing in it is removed. */
const markFile = "rollcall-run";
const programFile = "program";

type Owned = Pick<RunIdentity, "id" | "tempDir">;

/**
 * The run's folder for data of services, made when missing. Others may pass through it but not list it: a server that
 * refuses root runs as another user and must reach its own folder.
 */
export function makeTempDir({ id, tempDir }: Owned): string {
  mkdirSync(tempDir, { recursive: true, mode: 0o711 });
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
    return program === undefined ? [] : [{ folder, program }];
  });
}

/** Whether something is there that this run made. */
export function isOurs({ id, tempDir }: Owned): boolean {
  if (!isAbsolute(tempDir) || !isFolder(tempDir)) return false;
  return readText(join(tempDir, markFile))?.trim() === id || readdirSync(tempDir).length === 0;
}

/** Whether it is gone, or was never ours. */
export async function removeTempDir(run: Owned): Promise<boolean> {
  if (!isOurs(run)) return true;
  try {
    await rm(run.tempDir, { recursive: true, force: true, maxRetries: 3, retryDelay: 20 });
    return true;
  } catch {
    return false;
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
