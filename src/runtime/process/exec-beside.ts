import { type ChildProcess, spawn } from "node:child_process";
import type { ExecResult } from "../../probe/types.ts";

const keptBytes = 64 * 1024;

export interface ExecOptions {
  readonly signal: AbortSignal;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdio?: "inherit";
}

/**
 * Runs a command with a unit's environment. Of its own accord it belongs to the unit (its marks, a session of its
 * own, all of it ended when aborted); with the streams of this process it belongs to whoever sits there.
 * A program that is not there is exit code 127, as everywhere.
 */
export function execBeside(
  argv: readonly string[],
  options: Omit<ExecOptions, "env"> & {
    readonly cwd: string;
    readonly env: Readonly<Record<string, string>>;
    readonly marks: Readonly<Record<string, string>>;
  },
): Promise<ExecResult> {
  const { signal, stdio, cwd, marks } = options;
  if (signal.aborted) return Promise.reject(signal.reason);
  const inherit = stdio === "inherit";
  const [program = "", ...args] = argv;
  const child = spawn(program, args, {
    cwd,
    env: inherit ? options.env : { ...options.env, ...marks },
    detached: !inherit,
    stdio: inherit ? "inherit" : ["ignore", "pipe", "pipe"],
  });
  const output = keepEnd(child);
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      endChild(child, inherit);
      reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    const settle = (exitCode: number, text: string): void => {
      signal.removeEventListener("abort", onAbort);
      resolve({ exitCode, output: text });
    };
    child.once("error", (error: NodeJS.ErrnoException) => {
      settle(error.code === "ENOENT" ? 127 : 126, `${program}: ${error.message}`);
    });
    child.once("close", (exitCode, killedBy) => {
      settle(exitCode ?? 128, killedBy === null ? output() : `${output()}(ended by ${killedBy})`);
    });
  });
}

function keepEnd(child: ChildProcess): () => string {
  let kept: Buffer = Buffer.alloc(0);
  const take = (chunk: Buffer): void => {
    kept = Buffer.concat([kept, chunk]).subarray(-keptBytes);
  };
  child.stdout?.on("data", take);
  child.stderr?.on("data", take);
  return () => kept.toString("utf8");
}

function endChild(child: ChildProcess, inherit: boolean): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    if (inherit) child.kill("SIGTERM");
    else process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has just ended.
  }
}
