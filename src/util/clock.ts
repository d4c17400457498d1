/** Time as the conductor sees it; tests bring their own. */
export interface Clock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Calls back once after so many milliseconds; returns the way to call it off. */
  after(ms: number, callback: () => void): () => void;
}

/** setTimeout takes no more and would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

export const realClock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(ms, longestTimerMs));
    return () => clearTimeout(timer);
  },
};

/** What the promise gives; undefined when it takes longer. A rejection passes through. */
export function within<T>(clock: Clock, ms: number, promise: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => resolve(undefined));
    promise.then(resolve, reject).finally(cancel);
  });
}
