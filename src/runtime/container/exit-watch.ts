import type { Exit } from "../types.ts";
import type { Engine } from "./engine.ts";
import { isMissing } from "./engine-refusal.ts";
import type { ContainerDetails } from "./engine-types.ts";
import { exitOf } from "./exit-of.ts";
import { killedForMemory } from "./kernel-log.ts";

/** Longer than any run: the watch ends with the container or with its signal. */
const forEverMs = 2 ** 31 - 1;
/** How long an engine that went away may take to come back before a container counts as lost. */
const returnLimitMs = 10_000;

export interface ExitWatch {
  /** Settles once; never rejects. */
  readonly exited: Promise<Exit>;
  /** Call when the start has been answered: what ended before the engine watched is found then. */
  started(): void;
  close(): void;
}

/** Watches for the end through the engine's own wait; with `next-exit` it must begin before the start. */
export function watchExit(
  engine: Engine,
  container: string,
  condition: "next-exit" | "not-running",
): ExitWatch {
  const closing = new AbortController();
  let settle: (exit: Exit) => void = () => {};
  const exited = new Promise<Exit>((resolve) => {
    settle = resolve;
  });
  const lookAgain = async () => {
    const exit = await lastExit(engine, container, closing.signal).catch(() => undefined);
    if (exit !== undefined) settle(exit);
    return exit !== undefined;
  };
  void keepWaiting(engine, container, condition, closing.signal, lookAgain).then((lost) => {
    if (lost) settle({ exitCode: null, signal: null, oomKilled: false });
  });
  return { exited, started: () => void lookAgain(), close: () => closing.abort(new Error("closed")) };
}

/** True: nobody can say any more how it ended. */
async function keepWaiting(
  engine: Engine,
  container: string,
  condition: "next-exit" | "not-running",
  signal: AbortSignal,
  lookAgain: () => Promise<boolean>,
): Promise<boolean> {
  let lastAnswerMs = performance.now();
  let until: string = condition;
  while (!signal.aborted) {
    try {
      const options = { query: { condition: until }, signal, limitMs: forEverMs };
      await engine.request("POST", `/containers/${container}/wait`, options);
      if (await lookAgain()) return false;
      lastAnswerMs = performance.now();
    } catch (error) {
      if (isMissing(error)) return true;
      if (signal.aborted || (await lookAgain())) return false;
    }
    if (performance.now() - lastAnswerMs > returnLimitMs) return true;
    until = "not-running";
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return false;
}

/** undefined: it has not ended, or not been started. */
async function lastExit(engine: Engine, container: string, signal: AbortSignal): Promise<Exit | undefined> {
  const path = `/containers/${container}/json`;
  const { Id, State } = await engine.get<ContainerDetails>(path, { signal, limitMs: 10_000 });
  if (!["exited", "stopped", "dead"].includes(State.Status)) return undefined;
  const exit = exitOf(State);
  if (exit.signal !== "SIGKILL" || exit.oomKilled) return exit;
  return { ...exit, oomKilled: killedForMemory(Id) };
}
