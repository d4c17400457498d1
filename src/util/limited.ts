/**
 * Aborts with the signal, or after so many milliseconds. Node lets go of a time-out that only `AbortSignal.any` knows
 * of, and the limit then never comes (https://github.com/nodejs/node/pull/57867): here what is called when it comes
 * holds it.
 */
export function limited(signal: AbortSignal, limitMs: number): AbortSignal {
  const timeout = AbortSignal.timeout(limitMs);
  const either = AbortSignal.any([signal, timeout]);
  either.addEventListener("abort", () => void timeout, { once: true });
  return either;
}
