import { getEventListeners } from "node:events";
import fc from "fast-check";
import { expect, test } from "vitest";
import { conduct } from "../../src/conductor/conduct.ts";
import type { Conducted } from "../../src/conductor/types.ts";
import type { ErrorReport } from "../../src/errors/report.ts";
import type { EventBody } from "../../src/journal/events.ts";
import { verifyJournal } from "../../src/journal/verify.ts";
import type { Plan } from "../../src/plan/types.ts";
import { type SeenFailure, Simulation } from "./simulation.ts";
import { aPlan, aStack } from "./stacks.ts";
import { VirtualClock } from "./virtual-clock.ts";
import { failureBeforeStart, nameOf, taskFate, unitOf, type World, worldArbitrary } from "./worlds.ts";

const schedules = Number(process.env["SCHEDULES"] ?? 10_000);
const seed = process.env["SEED"] === undefined ? Date.now() % 2 ** 31 : Number(process.env["SEED"]);

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

interface Life {
  readonly world: World;
  readonly plan: Plan;
  readonly simulation: Simulation;
  readonly conducted: Conducted;
  /** When the conductor had answered. */
  readonly settledMs: number;
}

async function live(world: World): Promise<string> {
  const clock = new VirtualClock();
  const counting = countTimers(clock);
  const fates = world.units.map(
    ({ fate, task }, index) => [nameOf(index), task ? taskFate(fate) : fate] as const,
  );
  const stack = aStack(world.units.map(unitOf), { order: world.order });
  const plan = aPlan(stack);
  const simulation = new Simulation(clock, plan, new Map(fates));
  const controller = new AbortController();
  if (world.abortMs !== undefined) clock.after(world.abortMs, () => controller.abort());
  simulation.emit(runStarted(world, plan));
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
      simulation.seams(counting.clock),
    ),
  );
  expect(counting.pending(), "timers left").toBe(0);
  expect(getEventListeners(controller.signal, "abort"), "listeners left").toEqual([]);
  if (conducted.ok) simulation.emit({ type: "run.ready", tookMs: 0 });
  const life: Life = { world, plan, simulation, conducted, settledMs: clock.now() };
  await checkAftermath(life, clock);
  checkStarts(life);
  if (conducted.ok) {
    expect([...conducted.units.keys()].sort()).toEqual(stack.units.map(({ name }) => name).sort());
    return "ready";
  }
  checkRoot(life, conducted.error);
  return conducted.error.code;
}

function countTimers(clock: VirtualClock) {
  let pending = 0;
  const after = (ms: number, callback: () => void) => {
    pending += 1;
    const once = settleOnce(() => {
      pending -= 1;
    });
    const cancel = clock.after(ms, () => {
      once();
      callback();
    });
    return () => {
      once();
      cancel();
    };
  };
  return { pending: () => pending, clock: { now: () => clock.now(), after } };
}

function runStarted({ order, deadlineMs }: World, plan: Plan): EventBody {
  const steps = plan.steps.map(({ unit, gates }) => ({
    service: unit.name,
    kind: unit.kind,
    after: gates.map(({ service }) => service),
  }));
  const names = {
    run: "r",
    stack: "shop",
    name: "shop",
    runtime: "process",
    runtimeDescription: "",
  } as const;
  return { type: "run.started", ...names, order, deadlineMs, steps };
}

/** Whatever still happens once the conductor has answered: nothing more is told, and what was started is on record. */
async function checkAftermath({ simulation, settledMs }: Life, clock: VirtualClock): Promise<void> {
  const told = simulation.events.length;
  const known = new Set(simulation.started);
  await clock.runOut();
  expect(simulation.events.length, "events after the end").toBe(told);
  const { made, started, failedMs = 0 } = simulation;
  expect(
    made.filter((instance) => !started.has(instance)),
    "not recorded",
  ).toEqual([]);
  expect(
    made.filter((each) => !known.has(each) && each.madeMs < settledMs),
    "recorded too late",
  ).toEqual([]);
  expect(
    made.filter(({ madeMs }) => madeMs > settledMs && madeMs < failedMs + 5000),
    "not waited for",
  ).toEqual([]);
}

function checkStarts({ simulation }: Life): void {
  expect(
    simulation.startCalls.filter(({ early }) => early.length > 0),
    "started early",
  ).toEqual([]);
  expect(simulation.tooLate).toEqual([]);
  expect(verifyJournal(simulation.events)).toEqual([]);
}

/** The first failure is the one that is told, or the end of something that it needed. */
function checkRoot({ world, plan, simulation }: Life, error: ErrorReport): void {
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

function settleOnce(action: () => void): () => void {
  let done = false;
  return () => {
    if (!done) action();
    done = true;
  };
}
