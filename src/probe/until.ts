import type { Exit, Incarnation } from "../runtime/types.ts";
import { type Level, levels } from "../stack/types.ts";
import { LookAborted, notYet, wrong } from "./looks.ts";
import { printable } from "./printable.ts";
import type { Look, Outcome, Probe } from "./types.ts";
import { type Ending, orEnd, pause, watchForEnd } from "./until-end.ts";

export interface UntilReadyOptions {
  readonly probe: Probe;
  /** The incarnation that is alive now; asked before and after every look. */
  readonly alive: () => Promise<Incarnation | undefined>;
  /** Ends the wait at once. */
  readonly exited: Promise<Exit>;
  /** The longest wait, in milliseconds. */
  readonly budgetMs: number;
  readonly signal: AbortSignal;
  /** Called only when what is seen changes. */
  readonly onObserved: (observed: string, attempt: number) => void;
  /** @default any level that the probe proves */
  readonly requiredLevel?: Level;
}

/**
 * A wrong answer may still heal in a start's first moments (a role that an init script is about to create); one that
 * has not changed for so long ends the wait. In milliseconds; the budget, if that is smaller.
 */
export const wrongPersistsMs = 3000;

/** A look that has waited so long without an answer has seen that there is none, in milliseconds. */
const longLookMs = 1000;

/** So long a look that was given up has to say what it was waiting for; then nobody listens to it any more. */
const lastWordMs = 20;

/**
 * The pause after a look: a fiftieth of the time waited so far, at least 5 ms, at most 250 ms. That is 5–10 ms in the
 * first half second, 100 ms after five seconds, 250 ms from 12.5 seconds on.
 */
export function pauseMs(waitedMs: number): number {
  return Math.min(250, Math.max(5, waitedMs / 50));
}

/**
 * The one polling loop: looks until the probe proves readiness, or something else ends the wait. The first look is made
 * at once. The gate opens only when the same incarnation was alive before and after the look.
 */
export async function untilReady(options: UntilReadyOptions): Promise<Outcome> {
  const ending = watchForEnd(options);
  try {
    return await new Wait(options, ending).run();
  } finally {
    ending.release();
  }
}

type Seen = { readonly look: Look; readonly incarnation?: Incarnation; readonly unansweredMs?: number };

class Wait {
  readonly #options: UntilReadyOptions;
  readonly #ending: Ending;
  readonly #startedAt = performance.now();
  #limitMs: number;
  #attempts = 0;
  #lastObserved: string | undefined;
  #wrongSince: number | undefined;

  constructor(options: UntilReadyOptions, ending: Ending) {
    this.#options = options;
    this.#ending = ending;
    this.#limitMs = options.probe.lookLimitMs;
  }

  async run(): Promise<Outcome> {
    const { probe } = this.#options;
    while (this.#ending.first === undefined) {
      const lookedAt = performance.now();
      const { look, incarnation, unansweredMs = 0 } = await this.#see();
      await this.#ending.settled();
      this.#note(look, unansweredMs);
      if (this.#ending.first !== undefined) break;
      if (look.verdict === "ready" && incarnation !== undefined) {
        const { level, observed } = look;
        return { kind: "ready", level, observed, incarnation, attempts: this.#attempts };
      }
      if (this.#isLastingly(look)) {
        return { kind: "wrong", lastObserved: look.observed, attempts: this.#attempts };
      }
      const leastMs = probe.leastIntervalMs - (performance.now() - lookedAt);
      await pause(Math.max(leastMs, pauseMs(this.#waitedMs())), this.#ending.signal);
    }
    await this.#ending.settled();
    return this.#ended();
  }

  /** One look, between two questions whether the same incarnation is alive. */
  async #see(): Promise<Seen> {
    this.#attempts += 1;
    const limit = new AbortController();
    const remainingMs = Math.max(0, this.#options.budgetMs - this.#waitedMs());
    const limitMs = Math.min(this.#limitMs, remainingMs);
    const giveUp = (): void => limit.abort();
    // The budget's own timer ends what would outlive it.
    const timer = limitMs < remainingMs ? setTimeout(giveUp, limitMs) : undefined;
    this.#ending.signal.addEventListener("abort", giveUp, { once: true });
    const { signal } = limit;
    try {
      return await this.#lookBetween(signal);
    } catch (thrown) {
      if (!signal.aborted) return { look: notYet(`the look failed: ${reasonOf(thrown)}`) };
      if (this.#ending.first === undefined) this.#beMorePatient();
      const waitingFor = thrown instanceof LookAborted && thrown.waitingFor;
      return {
        look: notYet(`no answer within ${Math.round(limitMs)} ms${waitingFor ? ` ${waitingFor}` : ""}`),
        unansweredMs: limitMs,
      };
    } finally {
      clearTimeout(timer);
      this.#ending.signal.removeEventListener("abort", giveUp);
    }
  }

  async #lookBetween(signal: AbortSignal): Promise<Seen> {
    const { probe, alive, requiredLevel = "running" } = this.#options;
    const before = await orEnd(alive(), signal);
    if (before === undefined) return { look: notYet("it is not running") };
    const look = await orEnd(probe.look({ signal }), signal, lastWordMs);
    if (look.verdict !== "ready") return { look };
    if (levels.indexOf(look.level) < levels.indexOf(requiredLevel)) {
      return {
        look: wrong(`${look.observed}: this proves "${look.level}", and "${requiredLevel}" is required`),
      };
    }
    const after = await orEnd(alive(), signal);
    if (after?.id !== before.id || after.startTime !== before.startTime) {
      return { look: notYet("it was restarted during the look") };
    }
    return { look, incarnation: after };
  }

  #beMorePatient(): void {
    const { lookLimitMs, patientLimitMs = lookLimitMs } = this.#options.probe;
    this.#limitMs = Math.min(this.#limitMs * 2, Math.max(lookLimitMs, patientLimitMs));
  }

  #note(look: Look, unansweredMs: number): void {
    // A look that the end itself has cut off saw nothing; what was seen before says more, unless it is long ago.
    const end = this.#ending.first?.kind;
    const cutOff = end !== undefined && look.observed.startsWith("no answer within");
    const known = this.#lastObserved !== undefined && unansweredMs < longLookMs;
    if (cutOff && (end !== "budget" || known)) return;
    this.#wrongSince = look.verdict === "wrong" ? (this.#wrongSince ?? performance.now()) : undefined;
    if (look.observed === this.#lastObserved) return;
    this.#lastObserved = look.observed;
    this.#options.onObserved(look.observed, this.#attempts);
  }

  #isLastingly(look: Look): boolean {
    if (look.verdict !== "wrong" || this.#wrongSince === undefined) return false;
    return performance.now() - this.#wrongSince >= wrongPersistsMs;
  }

  #ended(): Outcome {
    const attempts = this.#attempts;
    const lastObserved = this.#lastObserved;
    const end = this.#ending.first ?? { kind: "budget" };
    if (end.kind !== "budget") return { ...end, lastObserved, attempts };
    const small = this.#options.budgetMs <= wrongPersistsMs;
    if (small && this.#wrongSince !== undefined && lastObserved !== undefined) {
      return { kind: "wrong", lastObserved, attempts };
    }
    return { kind: "budget", lastObserved, attempts };
  }

  #waitedMs(): number {
    return performance.now() - this.#startedAt;
  }
}

function reasonOf(thrown: unknown): string {
  return printable(thrown instanceof Error ? thrown.message : String(thrown));
}
