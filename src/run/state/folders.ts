import { writeFile } from "node:fs/promises";
import { homedir, tmpdir, userInfo } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { randomLetters } from "../../util/random-letters.ts";
import { dataRoot } from "./data-root.ts";
import { ensurePrivateFolder } from "./private-files.ts";

export { randomLetters };

/** 80 random bits as an RFC 1123 label. */
export function newRunId(): string {
  return `r${randomLetters(16)}`;
}

export function stateDirOf(stackDir: string): string {
  return join(stackDir, ".rollcall");
}

export function runsDirOf(stackDir: string): string {
  return join(stateDirOf(stackDir), "runs");
}

export function runDirOf(stackDir: string, id: string): string {
  return join(runsDirOf(stackDir), id);
}

export function recordFileOf(runDir: string): string {
  return join(runDir, "run.json");
}

export function journalFileOf(runDir: string): string {
  return join(runDir, "journal.ndjson");
}

export function logFileOf(runDir: string, unit: string): string {
  return join(runDir, "logs", `${unit}.log`);
}

/** Data of services: short, for sockets have a limit of about 100 bytes, and outside the project. */
export function tempDirOf(id: string): string {
  return join(dataRoot(), `rollcall-${id}`);
}

/** The run's folder with all that lies in it. */
export async function makeRunDir(stackDir: string, id: string): Promise<string> {
  const state = stateDirOf(stackDir);
  await ensurePrivateFolder(state);
  await writeFile(join(state, ".gitignore"), "*\n", { flag: "wx", mode: 0o600 }).catch(ignoreExisting);
  await ensurePrivateFolder(runsDirOf(stackDir));
  const dir = runDirOf(stackDir, id);
  await ensurePrivateFolder(dir);
  await ensurePrivateFolder(join(dir, "logs"));
  await ensurePrivateFolder(join(dir, "inspect"));
  return dir;
}

/** Where this user's runs of every stack on this host may be listed, the first one preferred. */
export function indexDirs(env: NodeJS.ProcessEnv = process.env): readonly [string, string] {
  const told = env["XDG_STATE_HOME"];
  const home = told && isAbsolute(told) ? told : join(homedir(), ".local", "state");
  // For a home that cannot be written to, as in many containers.
  const fallback = join(tmpdir(), `rollcall-${userInfo().uid}`);
  return [join(home, "rollcall", "runs"), join(fallback, "runs")];
}

export async function makeIndexDir(): Promise<string> {
  const [preferred, fallback] = indexDirs();
  try {
    return await makeIndexDirAt(preferred);
  } catch {
    return await makeIndexDirAt(fallback);
  }
}

async function makeIndexDirAt(dir: string): Promise<string> {
  await ensurePrivateFolder(dirname(dir));
  await ensurePrivateFolder(dir);
  return dir;
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== "EEXIST") throw error;
}
