import type { Started } from "./start-for-tests.ts";

const key = Symbol.for("rollcall.jest");

/** What globalSetup leaves to globalTeardown: jest loads them apart, and only the global object is the same. */
export function startedByJest(): Pick<Started, "down">[] {
  const shared = globalThis as { [key]?: Pick<Started, "down">[] };
  shared[key] ??= [];
  return shared[key];
}
