import { type ChildProcess, spawn } from "node:child_process";
import type { SystemUser } from "../../util/users.ts";

export interface ToolRun {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user?: Pick<SystemUser, "uid" | "gid"> | undefined;
  readonly signal: AbortSignal;
  /** How it ends when the signal is aborted. @default killed, with its group */
  readonly end?: (child: ChildProcess) => void;
  /** Both streams, as they come. */
  readonly onOutput?: (text: string) => void;
}

export interface RunningTool {
  readonly child: ChildProcess;
  /** Its exit code; null: ended by a signal. Rejects if it can't be started. */
  readonly ended: Promise<number | null>;
}

/** A helper in a group of its own that does not outlive the signal. */
export function startTool({ argv, cwd, env, user, signal, end = killTool, onOutput }: ToolRun): RunningTool {
  const [program = "", ...args] = argv;
  const child = spawn(program, args, {
    cwd,
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    ...(user && { uid: user.uid, gid: user.gid }),
  });
  const onAbort = (): void => end(child);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8");
    stream?.on("data", (text: string) => onOutput?.(text));
  }
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode) => resolve(exitCode));
  }).finally(() => signal.removeEventListener("abort", onAbort));
  return { child, ended };
}

/** The tool's exit code and output; rejects with the signal's reason once it has ended. */
export async function runTool(
  run: Omit<ToolRun, "onOutput">,
): Promise<{ readonly exitCode: number | null; readonly output: string }> {
  run.signal.throwIfAborted();
  let output = "";
  const { ended } = startTool({
    ...run,
    onOutput: (text) => {
      output = (output + text).slice(-64 * 1024);
    },
  });
  const exitCode = await ended;
  run.signal.throwIfAborted();
  return { exitCode, output };
}

export function killTool(child: ChildProcess): void {
  if (!runs(child)) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has just ended.
  }
}

/** Asks it, and kills what is still there after the grace. */
export function askTool(child: ChildProcess, signal: NodeJS.Signals, graceMs: number): void {
  if (!runs(child)) return;
  const timer = setTimeout(() => killTool(child), graceMs);
  child.once("exit", () => clearTimeout(timer));
  child.kill(signal);
}

function runs(child: ChildProcess): child is ChildProcess & { readonly pid: number } {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}
