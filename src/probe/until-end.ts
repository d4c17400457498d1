import type { Exit } from "../runtime/types.ts";
import { LookAborted } from "./looks.ts";

/** What can end a wait besides readiness. */
export type End =
  | { readonly kind: "exited"; readonly exit: Exit }
  | { readonly kind: "aborted"; readonly reason: unknown }
  | { readonly kind: "budget" };

export interface Ending {
  /** The first end; an exit that comes in the same turn of the event loop is preferred, for it explains the rest. */
  readonly first: End | undefined;
  /** Aborted with the first end. */
  readonly signal: AbortSignal;
  /** Until what has already happened is known here: one turn of the event loop. */
  settled(): Promise<void>;
  /** Removes every timer and listener. */
  release(): void;
}

interface Watched {
  readonly exited: Promise<Exit>;
  readonly budgetMs: number;
  readonly signal: AbortSignal;
}

/** Node's timers fire at once when asked for more. */
const longestTimerMs = 2 ** 31 - 1;

/** One race lists everything that can end a wait. */
export function watchForEnd({ exited, budgetMs, signal }: Watched): Ending {
  const controller = new AbortController();
  let first: End | undefined;
  let released = false;
  const end = (reason: End): void => {
    if (released) return;
    if (first === undefined || reason.kind === "exited") first = reason;
    controller.abort();
  };
  const onAbort = (): void => end({ kind: "aborted", reason: signal.reason });
  const timer = setTimeout(() => end({ kind: "budget" }), Math.min(budgetMs, longestTimerMs));
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  void exited.then((exit) => end({ kind: "exited", exit }));
  return {
    get first() {
      return first;
    },
    signal: controller.signal,
    settled: () => new Promise((resolve) => setImmediate(resolve)),
    release: () => {
      released = true;
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    },
  };
}

/**
 * The promise's value; or, when the signal is aborted first, LookAborted. The promise then has `lastWordMs` to reject
 * with a reason of its own. It is never waited for longer, and its late rejection is swallowed.
 */
export function orEnd<T>(promise: Promise<T>, signal: AbortSignal, lastWordMs = 0): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const giveUp = (): void => {
      timer = setTimeout(() => settle(() => reject(new LookAborted(""))), lastWordMs);
    };
    const settle = (how: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
      how();
    };
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp, { once: true });
    promise.then(
      (value) => settle(() => resolve(value)),
      (reason) => settle(() => reject(reason)),
    );
  });
}

/** Until the time has passed or the signal is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}
