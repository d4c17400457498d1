import type { Clock } from "../../src/util/clock.ts";

interface Timer {
  readonly atMs: number;
  readonly number: number;
  readonly callback: () => void;
}

/** Time that passes only when nothing else is to be done: thousands of schedules in a second. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  #number = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#nowMs;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + ms, number: this.#number++, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.after(ms, resolve));
  }

  get pending(): number {
    return this.#timers.size;
  }

  /** Runs until the promise has settled; fails when nothing is left that could settle it. */
  async runUntil<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const done = () => {
      settled = true;
    };
    promise.then(done, done);
    for (;;) {
      await idle();
      if (settled) return promise;
      if (!this.#advance()) throw new Error("it hangs: nothing is left that could end it");
    }
  }

  /** Runs until nothing is left to be done. */
  async runOut(): Promise<void> {
    do await idle();
    while (this.#advance());
  }

  #advance(): boolean {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (
        next === undefined ||
        timer.atMs < next.atMs ||
        (timer.atMs === next.atMs && timer.number < next.number)
      ) {
        next = timer;
      }
    }
    if (next === undefined) return false;
    this.#timers.delete(next);
    this.#nowMs = Math.max(this.#nowMs, next.atMs);
    next.callback();
    return true;
  }
}

/** Every microtask has run by then. */
function idle(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
