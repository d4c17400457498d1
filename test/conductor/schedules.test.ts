import { getEventListeners } from "node:events";
import fc from "fast-check";
import { expect, test } from "vitest";
import { conduct } from "../../src/conductor/conduct.ts";
import type { Conducted } from "../../src/conductor/types.ts";
import { verifyJournal } from "../../src/journal/verify.ts";
import type { Plan } from "../../src/plan/types.ts";
import type { Unit } from "../../src/stack/types.ts";
import { type Fate, type SeenFailure, Simulation } from "./simulation.ts";
import { aPlan, aService, aStack, aTask } from "./stacks.ts";
import { VirtualClock } from "./virtual-clock.ts";

const schedules = Number(process.env["SCHEDULES"] ?? 10_000);
const seed = process.env["SEED"] === undefined ? Date.now() % 2 ** 31 : Number(process.env["SEED"]);

/** Mostly well: only then do things happen late. */
const fateArbitrary: fc.Arbitrary<Fate> = fc.record({
  prepareMs: fc.nat(60),
  prepare: mostly<Fate["prepare"]>("well", "fails"),
  startMs: fc.oneof(
    { weight: 9, arbitrary: fc.nat(40) },
    { weight: 1, arbitrary: fc.integer({ min: 2000, max: 9000 }) },
  ),
  start: mostly<Fate["start"]>("well", "refuses", "ignores aborts", "ignores aborts", "never returns"),
  readyAfterMs: rarelyNot(30, fc.nat(80)),
  wrongAfterMs: sometimes(15, fc.nat(80)),
  exit: fc.oneof(
    { weight: 5, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.record({ afterMs: fc.nat(200), code: fc.nat(2) }) },
  ),
  newsMs: fc.nat(40),
  fragileMs: fc.option(fc.nat(50), { nil: undefined }),
});

function mostly<T>(usual: T, ...others: T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: 30, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );
}

function sometimes<T>(onceIn: number, value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: onceIn - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
}

function rarelyNot<T>(onceIn: number, value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: onceIn - 1, arbitrary: value }, { weight: 1, arbitrary: fc.constant(undefined) });
}

interface World {
  readonly units: readonly {
    readonly task: boolean;
    readonly budgetMs: number;
    readonly fate: Fate;
    readonly needs: readonly boolean[];
    readonly started: boolean;
  }[];
  readonly order: Plan["order"];
  readonly deadlineMs: number;
  readonly abortMs: number | undefined;
}

const worldArbitrary: fc.Arbitrary<World> = fc.record({
  units: fc.array(
    fc.record({
      task: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
      budgetMs: fc.constantFrom(60, 100, 5000, 5000, 5000),
      fate: fateArbitrary,
      needs: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
      started: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
    }),
    { minLength: 1, maxLength: 6 },
  ),
  order: fc.constantFrom("sequential", "dependency"),
  deadlineMs: fc.constantFrom(150, 20_000, 20_000, 20_000),
  abortMs: sometimes(6, fc.nat(300)),
});

const well = {
  prepareMs: 0,
  prepare: "well",
  startMs: 0,
  start: "well",
  readyAfterMs: 0,
  wrongAfterMs: undefined,
  exit: undefined,
  newsMs: 0,
  fragileMs: undefined,
} as const;
const free = [false, false, false, false, false, false];

/** Found once in some hundred thousand: a start was requested in the very turn after another unit's failure. */
const failureBeforeStart: World = {
  units: [
    { task: true, budgetMs: 60, fate: well, needs: free, started: true },
    {
      task: false,
      budgetMs: 60,
      fate: { ...well, readyAfterMs: 1, wrongAfterMs: 1 },
      needs: [true, false, false, false, false, false],
      started: true,
    },
    {
      task: false,
      budgetMs: 60,
      fate: { ...well, exit: { afterMs: 1, code: 0 } },
      needs: free,
      started: true,
    },
    {
      task: true,
      budgetMs: 60,
      fate: well,
      needs: [false, true, false, false, false, false],
      started: false,
    },
    { task: true, budgetMs: 60, fate: well, needs: [false, true, true, false, false, false], started: false },
  ],
  order: "dependency",
  deadlineMs: 150,
  abortMs: undefined,
};

test("keeps every promise in whatever order things happen", { timeout: 300_000 }, async () => {
  console.log(`${schedules} schedules, SEED=${seed}`);
  const outcomes = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(worldArbitrary, async (world) => {
      const outcome = await live(world);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }),
    { numRuns: schedules, seed, examples: [[failureBeforeStart]] },
  );
  console.log(Object.fromEntries([...outcomes].sort()));
  for (const code of [
    "ready",
    "EXITED_EARLY",
    "SERVICE_DIED",
    "TASK_FAILED",
    "START_FAILED",
    "IMAGE_MISSING",
    "NOT_READY",
    "PROBE_WRONG",
    "DEADLINE",
    "INTERRUPTED",
  ]) {
    expect(outcomes.get(code) ?? 0, `schedules that end with ${code}`).toBeGreaterThan(0);
  }
});

async function live(world: World): Promise<string> {
  const clock = new VirtualClock();
  const fates = new Map(
    world.units.map(({ fate, task }, index) => [nameOf(index), task ? taskFate(fate) : fate]),
  );
  const stack = aStack(world.units.map(unitOf), { order: world.order });
  const plan = aPlan(stack);
  const simulation = new Simulation(clock, plan, fates);
  const controller = new AbortController();
  if (world.abortMs !== undefined) clock.after(world.abortMs, () => controller.abort());
  let timers = 0;
  const counting = {
    now: () => clock.now(),
    after(ms: number, callback: () => void) {
      timers += 1;
      const once = settleOnce(() => {
        timers -= 1;
      });
      const cancel = clock.after(ms, () => {
        once();
        callback();
      });
      return () => {
        once();
        cancel();
      };
    },
  };
  simulation.emit({
    type: "run.started",
    run: "r",
    stack: "shop",
    name: "shop",
    runtime: "process",
    runtimeDescription: "",
    order: world.order,
    deadlineMs: world.deadlineMs,
    steps: plan.steps.map(({ unit, gates }) => ({
      service: unit.name,
      kind: unit.kind,
      after: gates.map(({ service }) => service),
    })),
  });
  const conducted = await clock.runUntil(
    conduct(
      {
        stack,
        plan,
        runtime: simulation.runtime,
        place: simulation.place,
        ports: new Map(),
        logFile: (unit) => `/nowhere/${unit}.log`,
        emit: simulation.emit,
        started: (instance) => void simulation.started.add(instance),
        deadlineMs: world.deadlineMs,
        signal: controller.signal,
      },
      simulation.seams(counting),
    ),
  );
  expect(timers, "timers left").toBe(0);
  expect(getEventListeners(controller.signal, "abort"), "listeners left").toEqual([]);
  if (conducted.ok) simulation.emit({ type: "run.ready", tookMs: 0 });
  const told = simulation.events.length;
  const settledMs = clock.now();
  const known = new Set(simulation.started);
  await clock.runOut();
  expect(simulation.events.length, "events after the end").toBe(told);
  expect(
    simulation.made.filter((instance) => !simulation.started.has(instance)),
    "not recorded",
  ).toEqual([]);
  expect(
    simulation.startCalls.filter(({ early }) => early.length > 0),
    "started early",
  ).toEqual([]);
  expect(
    simulation.made.filter((each) => !known.has(each) && each.madeMs < settledMs),
    "recorded too late",
  ).toEqual([]);
  expect(
    simulation.made.filter(({ madeMs }) => madeMs > settledMs && madeMs < (simulation.failedMs ?? 0) + 5000),
    "not waited for",
  ).toEqual([]);
  expect(simulation.tooLate).toEqual([]);
  expect(verifyJournal(simulation.events)).toEqual([]);
  if (conducted.ok) {
    expect([...conducted.units.keys()].sort()).toEqual(stack.units.map(({ name }) => name).sort());
    return "ready";
  }
  checkRoot(conducted, world, plan, simulation);
  return conducted.error.code;
}

/** The first failure is the one that is told, or the end of something that it needed. */
function checkRoot(
  { error }: Extract<Conducted, { ok: false }>,
  world: World,
  plan: Plan,
  simulation: Simulation,
): void {
  const { startCalls, events, made } = simulation;
  expect(error.code).not.toBe("INTERNAL");
  const requested = events.filter((event) => event.type === "start.requested");
  const { abortMs = Number.POSITIVE_INFINITY } = world;
  const failures = [...simulation.failures, ...limitsPassed(world, plan, simulation)];
  const failedMs = Math.min(abortMs, ...failures.map(({ atMs }) => atMs));
  expect(
    startCalls.filter(({ atMs }) => atMs > failedMs),
    "started after the failure",
  ).toEqual([]);
  const begun = new Set(requested.map(({ service }) => service));
  expect(error.notStarted).toEqual(
    plan.steps.map(({ unit }) => unit.name).filter((name) => !begun.has(name) && name !== error.service),
  );
  if (error.code === "INTERRUPTED") {
    expect(failedMs).toBe(abortMs);
    return;
  }
  const accepted = failures
    .filter(({ atMs }) => atMs === failedMs)
    .flatMap(({ unit, dueTo }) => {
      const dead = [...neededBy(unit, plan)].filter((name) =>
        made.some((each) => each.unit === name && each.end),
      );
      return dueTo === undefined ? [unit, ...dead] : dead;
    });
  expect(accepted, `${error.code} of ${error.service}`).toContain(error.service);
}

/** The failures that the conductor's own clock makes. */
function limitsPassed({ units, deadlineMs }: World, plan: Plan, { events }: Simulation): SeenFailure[] {
  return plan.steps.flatMap(({ unit: { name: unit } }, index) => {
    if (events.some((event) => event.type === "gate.opened" && event.service === unit)) return [];
    const request = events.find((event) => event.type === "start.requested" && event.service === unit);
    const deadline = { atMs: deadlineMs, unit, dueTo: undefined };
    const budgetMs = units[index]?.budgetMs ?? 0;
    return request === undefined ? [deadline] : [deadline, { ...deadline, atMs: request.atMs + budgetMs }];
  });
}

function neededBy(unit: string, plan: Plan, found = new Set<string>()): Set<string> {
  for (const { service } of plan.steps.find((step) => step.unit.name === unit)?.gates ?? []) {
    if (found.has(service)) continue;
    found.add(service);
    neededBy(service, plan, found);
  }
  return found;
}

function unitOf({ task, budgetMs, needs, started }: World["units"][number], index: number): Unit {
  const after = needs.slice(0, index).flatMap((needed, other) =>
    needed
      ? [
          {
            service: nameOf(other),
            condition: started ? ("started" as const) : ("ready" as const),
            because: "after",
          },
        ]
      : [],
  );
  return task ? aTask(nameOf(index), { after, budgetMs }) : aService(nameOf(index), { after, budgetMs });
}

function nameOf(index: number): string {
  return `unit-${index}`;
}

/** A task usually ends well. */
function taskFate(fate: Fate): Fate {
  return { ...fate, exit: fate.exit ?? { afterMs: fate.readyAfterMs ?? 10, code: 0 } };
}

function settleOnce(action: () => void): () => void {
  let done = false;
  return () => {
    if (!done) action();
    done = true;
  };
}
