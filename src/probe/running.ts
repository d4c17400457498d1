import { ready } from "./looks.ts";
import type { Probe } from "./types.ts";

/** That it runs is what the loop itself makes sure of, before and after the look. */
export function runningProbe(describe: string): Probe {
  return {
    describe,
    lookLimitMs: 1000,
    leastIntervalMs: 0,
    look: async () => ready("running", "it runs"),
  };
}
