import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, closeSync, constants, fstatSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { type ProcessIdentity, startTimeOf } from "../../util/process-table.ts";

export interface Spawning {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** undefined: as we are. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** What it reads; nothing by default. */
  readonly input?: string | undefined;
}

export interface Spawned {
  readonly identity: ProcessIdentity;
  readonly child: ChildProcess;
  /** The size of the log before its first word. */
  readonly logFrom: number;
  /** Settles when it has ended; never rejects. */
  readonly ended: Promise<{ readonly exitCode: number | null; readonly signal: string | null }>;
}

/**
 * Starts a process in a session of its own, its output going straight into the log file, so that it lives on when we
 * end. Rejects with the system's error when there is no such program.
 */
export function spawnUnit({ argv, cwd, env, logFile, user, input }: Spawning): Promise<Spawned> {
  const [program = "", ...args] = argv;
  const log = openLog(logFile);
  const logFrom = fstatSync(log).size;
  let child: ChildProcess;
  try {
    child = spawn(program, args, {
      cwd,
      env,
      detached: true,
      stdio: [input === undefined ? "ignore" : "pipe", log, log],
      ...(user && { uid: user.uid, gid: user.gid }),
    });
  } finally {
    closeSync(log);
  }
  // Read before the event loop can wait for it: an ended child still has its entry.
  const startTime = child.pid === undefined ? undefined : startTimeOf(child.pid);
  child.unref();
  return new Promise((resolve, reject) => {
    const ended = new Promise<Awaited<Spawned["ended"]>>((settle) => {
      child.once("exit", (exitCode, signal) => settle({ exitCode, signal }));
    });
    child.once("error", reject);
    child.once("spawn", () => {
      // It may end without reading.
      child.stdin?.on("error", () => undefined);
      child.stdin?.end(input);
      resolve({ identity: { pid: child.pid ?? 0, startTime: startTime ?? "" }, child, logFrom, ended });
    });
  });
}

/** Appends: a restarted service goes on in its log. A link in its place is refused. */
export function openLog(file: string): number {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
  const descriptor = openSync(file, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
  chmodSync(file, 0o600);
  return descriptor;
}
