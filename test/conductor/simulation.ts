import type { Seams, Waiting } from "../../src/conductor/seams.ts";
import { RollcallError } from "../../src/errors/rollcall-error.ts";
import type { EventBody, RunEvent } from "../../src/journal/events.ts";
import type { Plan } from "../../src/plan/types.ts";
import type { Outcome, Probe } from "../../src/probe/types.ts";
import type { Exit, Instance, Place, Runtime } from "../../src/runtime/types.ts";
import { SimulatedInstance } from "./simulated-instance.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** What will happen to one unit. */
export interface Fate {
  readonly prepareMs: number;
  readonly prepare: "well" | "fails";
  readonly startMs: number;
  readonly start: "well" | "refuses" | "ignores aborts" | "never returns";
  /** After its start; undefined: never. */
  readonly readyAfterMs: number | undefined;
  readonly wrongAfterMs: number | undefined;
  readonly exit: { readonly afterMs: number; readonly code: number } | undefined;
  /** From its end to the news of it. */
  readonly newsMs: number;
  /** It ends when something that it needs has ended, after so long. */
  readonly fragileMs: number | undefined;
}

export const goodFate: Fate = {
  prepareMs: 1,
  prepare: "well",
  startMs: 1,
  start: "well",
  readyAfterMs: 5,
  wrongAfterMs: undefined,
  exit: undefined,
  newsMs: 0,
  fragileMs: undefined,
};

export interface SeenFailure {
  readonly atMs: number;
  readonly unit: string;
  /** Whose end was the reason. */
  readonly dueTo: string | undefined;
}

/** Units without any world around them: what happens is written in their fates. */
export class Simulation {
  readonly events: RunEvent[] = [];
  readonly started = new Set<Instance>();
  readonly made: SimulatedInstance[] = [];
  readonly startCalls: { readonly unit: string; readonly atMs: number; readonly early: readonly string[] }[] =
    [];
  /** In the order in which a conductor can see them. */
  readonly failures: SeenFailure[] = [];
  readonly proven = new Set<string>();
  /** Said or done although the bringing-up had failed. */
  readonly tooLate: string[] = [];
  setUps = 0;
  /** When the bringing-up was called off. */
  failedMs: number | undefined;
  #signal: AbortSignal | undefined;
  readonly #clock: VirtualClock;
  readonly #plan: Plan;
  readonly #fates: ReadonlyMap<string, Fate>;

  constructor(clock: VirtualClock, plan: Plan, fates: ReadonlyMap<string, Fate>) {
    this.#clock = clock;
    this.#plan = plan;
    this.#fates = fates;
  }

  readonly emit = (body: EventBody): RunEvent => {
    const event = {
      seq: this.events.length + 1,
      atMs: this.#clock.now(),
      time: "2026-01-01T00:00:00Z",
      ...body,
    };
    this.events.push(event);
    if (body.type === "gate.opened" || body.type === "start.requested") this.#noteIfLate(body.type);
    return event;
  };

  readonly runtime: Runtime = {
    kind: "process",
    description: "a simulation",
    addressing: "outside",
    refusals: async () => [],
    open: () => this.place,
    marked: async () => [],
    close: async () => {},
  };

  readonly place: Place = {
    prepare: async (unit, { signal, progress }) => {
      const { prepareMs, prepare } = this.#fate(unit.name);
      progress("half of it");
      await this.#sleep(prepareMs, signal);
      if (prepare === "well") return;
      this.#fail(unit.name);
      throw new RollcallError("IMAGE_MISSING", { message: `no image for ${unit.name}` });
    },
    setUp: async (_stack, { signal }) => {
      this.#signal = signal;
      const onAbort = () => {
        this.failedMs = this.#clock.now();
      };
      signal.addEventListener("abort", onAbort, { once: true });
      await this.#clock.sleep(1);
      this.setUps += 1;
    },
    start: async ({ unit }, { signal }) => {
      const fate = this.#fate(unit.name);
      this.#noteStart(unit.name);
      if (fate.start === "never returns") return new Promise<Instance>(() => {});
      await this.#sleep(fate.startMs, fate.start === "ignores aborts" ? undefined : signal);
      if (fate.start === "refuses") {
        this.#fail(unit.name);
        throw new RollcallError("START_FAILED", { message: `${unit.name} was refused` });
      }
      return this.#make(unit.name, fate);
    },
    adopt: async () => undefined,
    exitOf: async () => undefined,
    isCurrent: async () => true,
    settled: async () => {},
    remove: async () => [],
    audit: async () => [],
    close: async () => {},
  };

  seams(clock: Seams["clock"] = this.#clock): Seams {
    return {
      clock,
      createProbe: () => simulatedProbe,
      untilReady: (waiting) => this.#untilReady(waiting),
      readLogTail: async () => ["its last words"],
    };
  }

  #noteIfLate(what: string): void {
    if (this.#signal?.aborted) this.tooLate.push(`${what} at ${this.#clock.now()}`);
  }

  #fate(unit: string): Fate {
    return this.#fates.get(unit) ?? goodFate;
  }

  #fail(unit: string, dueTo?: string): void {
    this.failures.push({ atMs: this.#clock.now(), unit, dueTo });
  }

  #noteStart(unit: string): void {
    const gates = this.#plan.steps.find((step) => step.unit.name === unit)?.gates ?? [];
    const early = gates.filter(({ service, condition }) => {
      const instance = this.made.find((each) => each.unit === service);
      if (instance === undefined) return true;
      if (this.#isTask(service)) return condition === "ready" && !this.proven.has(service);
      return instance.end !== undefined || (condition === "ready" && !this.proven.has(service));
    });
    if (this.setUps === 0) this.startCalls.push({ unit, atMs: this.#clock.now(), early: ["set-up"] });
    this.startCalls.push({ unit, atMs: this.#clock.now(), early: early.map(({ service }) => service) });
  }

  #isTask(name: string): boolean {
    return this.#plan.steps.find(({ unit }) => unit.name === name)?.unit.kind === "task";
  }

  #make(unit: string, fate: Fate): Instance {
    const instance = new SimulatedInstance(unit, this.made.length + 1, this.#clock.now());
    this.made.push(instance);
    if (fate.exit !== undefined) {
      const { afterMs, code } = fate.exit;
      this.#clock.after(afterMs, () =>
        this.#end(instance, { exitCode: code, signal: null, oomKilled: false }),
      );
    }
    return instance;
  }

  #end(instance: SimulatedInstance, exit: Exit, dueTo?: string): void {
    if (instance.end !== undefined) return;
    instance.end = exit;
    const { unit } = instance;
    const well = this.#isTask(unit) && exit.exitCode === 0;
    if (!well) instance.onMissed = () => this.#fail(unit, dueTo);
    this.#clock.after(this.#fate(unit).newsMs, () => {
      if (well) this.proven.add(unit);
      else this.#fail(unit, dueTo);
      instance.tell(exit);
    });
    if (well) return;
    for (const dependant of this.made) {
      const { fragileMs } = this.#fate(dependant.unit);
      const gates = this.#plan.steps.find((step) => step.unit.name === dependant.unit)?.gates ?? [];
      if (fragileMs === undefined || !gates.some(({ service }) => service === unit)) continue;
      this.#clock.after(fragileMs, () =>
        this.#end(dependant, { exitCode: 9, signal: null, oomKilled: false }, unit),
      );
    }
  }

  #untilReady({ alive, exited, budgetMs, signal, onObserved }: Waiting): Promise<Outcome> {
    const clock = this.#clock;
    return new Promise((resolve) => {
      const cancels: (() => void)[] = [];
      const settle = (outcome: Outcome) => {
        for (const cancel of cancels) cancel();
        signal.removeEventListener("abort", onAbort);
        resolve(outcome);
      };
      const onAbort = () =>
        settle({ kind: "aborted", reason: signal.reason, lastObserved: "no", attempts: 2 });
      const begin = async () => {
        const incarnation = await alive();
        const unit = incarnation?.id.split("#")[0] ?? "";
        const { readyAfterMs, wrongAfterMs } = this.#fate(unit);
        const instance = this.made.find((each) => each.unit === unit);
        if (readyAfterMs !== undefined && incarnation !== undefined) {
          const look = () => {
            if (instance?.end !== undefined) return;
            this.proven.add(unit);
            settle({ kind: "ready", level: "query", observed: "1 row", incarnation, attempts: 2 });
          };
          cancels.push(clock.after(readyAfterMs, look));
        }
        if (wrongAfterMs !== undefined) {
          const see = () => {
            this.#fail(unit);
            settle({ kind: "wrong", lastObserved: "no such database", attempts: 2 });
          };
          cancels.push(clock.after(wrongAfterMs, see));
        }
      };
      if (signal.aborted) return onAbort();
      signal.addEventListener("abort", onAbort, { once: true });
      onObserved("not yet", 1);
      cancels.push(
        clock.after(budgetMs, () => settle({ kind: "budget", lastObserved: "not yet", attempts: 2 })),
      );
      void exited.then((exit) => settle({ kind: "exited", exit, lastObserved: "not yet", attempts: 2 }));
      void begin();
    });
  }

  #sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        cancel();
        reject(signal?.reason);
      };
      const cancel = this.#clock.after(ms, () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      });
      if (signal?.aborted) return onAbort();
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }
}

const simulatedProbe: Probe = {
  describe: "a simulated look",
  lookLimitMs: 1000,
  leastIntervalMs: 0,
  look: async () => ({ verdict: "not-yet", observed: "not yet" }),
};
