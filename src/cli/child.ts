import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { asRollcallError, type RollcallError } from "../errors/rollcall-error.ts";
import { isInForeground } from "../util/foreground.ts";
import { endTree } from "./end-tree.ts";

export interface ChildOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Rejects when the command has lost what it needs. */
  readonly failed: Promise<never>;
  /** Tells the loss; the exit code. */
  readonly onFailed: (error: RollcallError) => number;
  /** Aborted: the command has been asked to end twice. */
  readonly now: AbortSignal;
}

/** From SIGTERM to SIGKILL for a command whose stack has failed. */
const graceMs = 5000;
/** Asked twice, most commands end at once, and their exit code says more than that they were killed. */
const lastWordMs = 1000;

/**
 * Runs a command on this process's own streams. Signals reach it; its exit code is passed through as shells do:
 * 128 + n when a signal ended it, 127 when it does not exist, 126 when it cannot be executed.
 */
export async function runChild(
  argv: readonly string[],
  { env, failed, onFailed, now }: ChildOptions,
): Promise<number> {
  const [command = "", ...args] = argv;
  const child = spawn(command, args, { env, stdio: "inherit" });
  const exited = exitCodeOf(child, command);
  const stopForwarding = forwardSignals((signal) => child.kill(signal));
  const endings: Promise<void>[] = [];
  let lost: number | undefined;
  failed.catch((thrown) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    lost = onFailed(asRollcallError(thrown));
    endings.push(endTree(child.pid ?? 0, { signal: "SIGTERM", graceMs }));
  });
  const endNow = () => void endings.push(endTree(child.pid ?? 0, { graceMs: lastWordMs }));
  now.addEventListener("abort", endNow, { once: true });
  try {
    const exitCode = await exited;
    await Promise.all(endings);
    return lost ?? exitCode;
  } finally {
    now.removeEventListener("abort", endNow);
    stopForwarding();
  }
}

function exitCodeOf(child: ChildProcess, command: string): Promise<number> {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
    child.once("error", (error: NodeJS.ErrnoException) => {
      process.stderr.write(`rollcall: ${command}: ${spawnProblem(error)}\n`);
      resolve(error.code === "ENOENT" ? 127 : 126);
    });
  });
}

function spawnProblem(error: NodeJS.ErrnoException): string {
  if (error.code === "ENOENT") return "command not found";
  return error.code === "EACCES" ? "permission denied" : error.message;
}

/** A terminal sends Ctrl-C to the command as well; every other sender means this process, so it is passed on. */
function forwardSignals(send: (signal: NodeJS.Signals) => void): () => void {
  const onInterrupt = () => {
    if (!isInForeground()) send("SIGINT");
  };
  const onTerminate = () => send("SIGTERM");
  const onHangup = () => send("SIGHUP");
  process.on("SIGINT", onInterrupt).on("SIGTERM", onTerminate).on("SIGHUP", onHangup);
  return () => {
    process.off("SIGINT", onInterrupt).off("SIGTERM", onTerminate).off("SIGHUP", onHangup);
  };
}
