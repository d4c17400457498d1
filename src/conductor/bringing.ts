import { setMaxListeners } from "node:events";
import { stackMask } from "../journal/mask-event.ts";
import type { Step } from "../plan/types.ts";
import type { Exit, Instance } from "../runtime/types.ts";
import type { Mask } from "../util/mask.ts";
import type { Failure } from "./failure.ts";
import { createGates, type Gates } from "./gates.ts";
import type { Seams } from "./seams.ts";
import type { Conducting, ReadyUnit } from "./types.ts";

/** How far one unit is. */
export interface Progress {
  readonly step: Step;
  phase: "waiting" | "starting" | "running" | "open";
  instance: Instance | undefined;
  exit: Exit | undefined;
  /** On the conductor's clock; undefined: not requested. */
  requestedMs: number | undefined;
  /** Milliseconds since the run began. */
  startMs: number;
  /** What its probe looks for, in words. */
  probe: string | undefined;
  observed: string | undefined;
  attempts: number;
}

/** One bringing-up while it lasts: what its steps share. */
export interface Bringing {
  readonly conducting: Conducting;
  readonly seams: Seams;
  readonly mask: Mask;
  readonly gates: Gates;
  readonly progress: ReadonlyMap<string, Progress>;
  readonly ready: Map<string, ReadyUnit>;
  /** Starts that were requested, also those that nobody waits for any more. */
  readonly starting: Set<Promise<Instance>>;
  readonly beganMs: number;
  /** Aborted by the first failure: everything in flight ends. */
  readonly signal: AbortSignal;
  /** The first failure; later ones are its consequences. */
  readonly failure: () => { readonly failure: Failure; readonly atMs: number } | undefined;
  readonly fail: (failure: Failure) => void;
  /** False once the caller has the result: nothing is said any more. */
  readonly lasts: () => boolean;
  readonly end: () => void;
}

export function createBringing(conducting: Conducting, seams: Seams): Bringing {
  const controller = new AbortController();
  // Every unit listens several times; none of the listeners stays.
  setMaxListeners(0, controller.signal);
  let first: { failure: Failure; atMs: number } | undefined;
  let lasts = true;
  return {
    conducting,
    seams,
    mask: stackMask(conducting.stack),
    gates: createGates(conducting.plan),
    progress: new Map(conducting.plan.steps.map((step) => [step.unit.name, notBegun(step)])),
    ready: new Map(),
    starting: new Set(),
    beganMs: seams.clock.now(),
    signal: controller.signal,
    failure: () => first,
    fail(failure) {
      if (first !== undefined || !lasts) return;
      first = { failure, atMs: seams.clock.now() };
      controller.abort(new DOMException("The bringing-up has ended", "AbortError"));
    },
    lasts: () => lasts,
    end() {
      lasts = false;
    },
  };
}

function notBegun(step: Step): Progress {
  return {
    step,
    phase: "waiting",
    instance: undefined,
    exit: undefined,
    requestedMs: undefined,
    startMs: 0,
    probe: undefined,
    observed: undefined,
    attempts: 0,
  };
}
