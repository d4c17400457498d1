import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

/** Sends the signal and waits for the end. @returns the exit code, or the signal that ended it. */
export async function endChild(child: ChildProcess, signal: NodeJS.Signals): Promise<number | string | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode ?? child.signalCode;
  const ended = once(child, "exit");
  child.kill(signal);
  const [code, by] = await ended;
  return code ?? by;
}

/** Asks `look` again every 20 ms until it gives something. */
export async function until<T>(look: () => Promise<T | undefined> | T | undefined, what: string): Promise<T> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (Date.now() > deadline) throw new Error(`waited 60 s in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
