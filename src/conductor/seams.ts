import { createProbe } from "../probe/create.ts";
import type { Outcome, Probe, ProbeTarget } from "../probe/types.ts";
import { untilReady } from "../probe/until.ts";
import type { Exit, Incarnation } from "../runtime/types.ts";
import type { ProbeSpec } from "../stack/types.ts";
import { type Clock, realClock } from "../util/clock.ts";
import type { Mask } from "../util/mask.ts";
import { readLogTail } from "./log-tail.ts";

/** What the conductor does not do itself; a simulation replaces it. */
export interface Seams {
  readonly clock: Clock;
  readonly createProbe: (spec: ProbeSpec, target: ProbeTarget) => Probe;
  readonly untilReady: (waiting: Waiting) => Promise<Outcome>;
  readonly readLogTail: (
    file: string,
    options: { readonly lines: number; readonly mask: Mask },
  ) => Promise<readonly string[]>;
}

export interface Waiting {
  readonly probe: Probe;
  readonly alive: () => Promise<Incarnation | undefined>;
  readonly exited: Promise<Exit>;
  readonly budgetMs: number;
  readonly signal: AbortSignal;
  readonly onObserved: (observed: string, attempt: number) => void;
}

export const realSeams: Seams = { clock: realClock, createProbe, untilReady, readLogTail };
