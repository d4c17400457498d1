import type { Exit } from "../types.ts";
import { type Engine, noLimitMs } from "./engine.ts";
import { isMissing } from "./engine-refusal.ts";
import type { ContainerDetails } from "./engine-types.ts";
import { exitOf, hasEnded } from "./exit-of.ts";
import { killedForMemory } from "./kernel-log.ts";

/** How long an engine that went away may take to come back before a container counts as lost. */
const returnLimitMs = 10_000;
const lookIntervalMs = 200;

export interface ExitWatch {
  /** Settles once; never rejects. */
  readonly exited: Promise<Exit>;
  /** Looks now: what ended before the engine watched is found, and what the engine has not told yet. */
  look(): void;
  close(): void;
  /** Aborted when it is closed. */
  readonly closed: AbortSignal;
}

/** Resolves when it does not run: for an end that is near, which Podman would look for every 250 ms only. */
export async function untilEnded(
  engine: Engine,
  container: string,
  options: { readonly limitMs: number; readonly signal?: AbortSignal },
): Promise<void> {
  const query = { condition: "not-running", interval: "20ms" };
  await engine.request("POST", `/containers/${container}/wait`, { ...options, query });
}

type Condition = "next-exit" | "not-running";

/** Watches for the end through the engine's own wait; with `next-exit` it must begin before the start. */
export function watchExit(engine: Engine, container: string, condition: Condition): ExitWatch {
  const closing = new AbortController();
  const { signal } = closing;
  let settle: (exit: Exit | undefined) => void = () => {};
  const exited = new Promise<Exit>((resolve) => {
    settle = (exit) => exit !== undefined && resolve(exit);
  });
  const ignore = () => {};
  keepWaiting(engine, container, condition, signal).then(settle, ignore);
  return {
    exited,
    look: () => void lastExit(engine, container, signal).then(settle, ignore),
    close: () => closing.abort(new Error("closed")),
    closed: signal,
  };
}

/** Rejects only when it is closed. */
async function keepWaiting(
  engine: Engine,
  container: string,
  condition: Condition,
  signal: AbortSignal,
): Promise<Exit> {
  let until = condition;
  let goneSinceMs: number | undefined;
  for (;;) {
    try {
      const options = { query: { condition: until }, signal, limitMs: noLimitMs };
      const { data } = await engine.request("POST", `/containers/${container}/wait`, options);
      goneSinceMs = undefined;
      const exit = await lastExit(engine, container, signal, (data as { StatusCode?: number }).StatusCode);
      if (exit !== undefined) return exit;
    } catch (error) {
      signal.throwIfAborted();
      // Somebody removed it, and nobody saw its end.
      if (isMissing(error)) return { exitCode: null, signal: null, oomKilled: false };
      goneSinceMs ??= performance.now();
      if (performance.now() - goneSinceMs > returnLimitMs) {
        const lost = error instanceof Error ? error.message : String(error);
        return { exitCode: null, signal: null, oomKilled: false, lost };
      }
    }
    // The next exit may have come while nobody waited.
    until = "not-running";
    await new Promise((resolve) => setTimeout(resolve, lookIntervalMs));
  }
}

/** undefined: it has not ended, or not been started. `code`: what the wait said, for a container that is gone since. */
async function lastExit(
  engine: Engine,
  container: string,
  signal: AbortSignal,
  code?: number,
): Promise<Exit | undefined> {
  const options = { signal, limitMs: 10_000, accept: code === undefined ? [] : [404] };
  const { status, data } = await engine.request("GET", `/containers/${container}/json`, options);
  if (status === 404) return exitOf({ ExitCode: code ?? 0, OOMKilled: false });
  const { Id, State } = data as ContainerDetails;
  if (!hasEnded(State)) return undefined;
  const exit = exitOf(State);
  if (exit.signal !== "SIGKILL" || exit.oomKilled) return exit;
  return { ...exit, oomKilled: killedForMemory(Id) };
}
