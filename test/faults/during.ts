import { expect } from "vitest";
import { readProcess } from "../../src/util/process-table.ts";
import { containerOf, engineOf } from "./engine.ts";
import { budgetEnd, engines, everywhere, type Fault, fails, holds } from "./fault.ts";
import type { Stage } from "./stage.ts";
import { chore, unit } from "./units.ts";

const slow = { beforeMs: 60_000 } as const;

/** The dependency is up, its dependant on its way: now the dependency meets its fate. */
async function onceBStarts(stage: Stage, fate: () => Promise<unknown>): Promise<void> {
  await stage.happened("start.done", "b");
  stage.visibleAt = Date.now();
  await fate();
}

function pidOf(stage: Stage, unitName: string): number {
  const incarnation = stage.event("start.done", unitName)?.incarnation;
  const pid = incarnation?.pid ?? Number(incarnation?.id);
  if (readProcess(pid) === undefined) throw new Error(`${unitName} does not run`);
  return pid;
}

async function pause(stage: Stage, unitName: string, paused: boolean): Promise<void> {
  if (stage.onProcesses) {
    process.kill(pidOf(stage, unitName), paused ? "SIGSTOP" : "SIGCONT");
    return;
  }
  const container = await containerOf(engineOf(stage.kind), stage.runId, unitName);
  await (paused ? container.pause() : container.unpause());
}

async function killUnit(stage: Stage, unitName: string): Promise<void> {
  if (stage.onProcesses) process.kill(pidOf(stage, unitName), "SIGKILL");
  else await (await containerOf(engineOf(stage.kind), stage.runId, unitName)).kill();
}

/** What happens to those that are ready already, to the whole run, or from outside. */
export const during: readonly Fault[] = [
  fails(
    "a dependency crashes while its dependant is starting",
    everywhere,
    (stage) => ({
      units: {
        a: unit(stage, { ready: { afterMs: 1500, what: { exit: 11 } } }),
        b: unit(stage, slow, { after: ["a"] }),
        c: unit(stage, {}, { after: ["b"] }),
      },
      expected: { code: "SERVICE_DIED", service: "a", report: { exitCode: 11, notStarted: ["c"] } },
    }),
    { short: true },
  ),
  fails("a dependency is killed from outside while its dependant is starting", everywhere, (stage) => ({
    units: { a: unit(stage), b: unit(stage, slow, { after: ["a"] }) },
    meanwhile: () => onceBStarts(stage, () => killUnit(stage, "a")),
    expected: { code: "SERVICE_DIED", service: "a", says: ["kill"] },
  })),
  fails("a dependant crashes because its dependency has: the dependency is named", everywhere, (stage) => ({
    units: {
      a: unit(stage),
      b: unit(stage, { start: { afterMs: 60_000, what: { exit: 1 } } }, { after: ["a"] }),
    },
    meanwhile: () =>
      onceBStarts(stage, async () => {
        await killUnit(stage, "a");
        await killUnit(stage, "b").catch(() => {});
      }),
    expected: { code: "SERVICE_DIED", service: "a" },
  })),
  fails("a service is stopped by SIGSTOP before it answers", everywhere, (stage) => ({
    units: { a: unit(stage, { statuses: Array(2000).fill(503) }, { budget: 15_000 }) },
    meanwhile: async () => {
      await stage.happened("probe.observed", "a");
      await pause(stage, "a", true);
    },
    expected: { code: "NOT_READY", service: "a", visibleAt: budgetEnd("a", 15_000) },
  })),
  holds("a service is stopped by SIGSTOP and goes on later", everywhere, async (stage) => ({
    units: { a: unit(stage, { statuses: Array(20).fill(503) }) },
    meanwhile: async () => {
      await stage.happened("probe.observed", "a");
      await pause(stage, "a", true);
      await new Promise((resolve) => setTimeout(resolve, 1500));
      await pause(stage, "a", false);
    },
  })),
  fails("a task hangs", everywhere, (stage) => ({
    units: {
      a: chore(stage, { listen: "none" }, { budget: stage.onProcesses ? 2500 : 12_000 }),
      b: unit(stage, {}, { after: ["a"] }),
    },
    expected: {
      code: "NOT_READY",
      service: "a",
      says: ["did not come to its end", stage.onProcesses ? "2.5 s" : "12 s"],
      report: { notStarted: ["b"] },
      visibleAt: budgetEnd("a", stage.onProcesses ? 2500 : 12_000),
    },
  })),
  fails(
    "the run's deadline passes while each is within its budget",
    everywhere,
    (stage) => ({
      units: { a: unit(stage), b: unit(stage, slow) },
      options: { timeoutMs: 20_000 },
      expected: {
        code: "DEADLINE",
        service: "b",
        says: ["20 s", "budget"],
        visibleAt: ({ events }) => Date.parse(events[0]?.time ?? "") + 20_000,
      },
    }),
    { short: true },
  ),
  fails("a start is called off", everywhere, (stage) => {
    const controller = new AbortController();
    return {
      units: { a: unit(stage), b: unit(stage, slow) },
      options: { signal: controller.signal },
      meanwhile: () => onceBStarts(stage, async () => controller.abort()),
      expected: { code: "INTERRUPTED" },
    };
  }),
  fails("services in dependency order: the first to crash is the cause", everywhere, (stage) => ({
    stack: { order: "dependency" },
    units: {
      a: unit(stage, slow),
      b: unit(stage, { start: { afterMs: 300, what: { exit: 21 } } }),
      c: unit(stage, slow),
      d: unit(stage, {}, { after: ["a", "b"] }),
    },
    expected: { code: "EXITED_EARLY", service: "b", report: { exitCode: 21, notStarted: ["d"] } },
  })),
  fails("a container is removed by hand during the start", engines, (stage) => ({
    units: { a: unit(stage), b: unit(stage, slow, { after: ["a"] }) },
    meanwhile: () =>
      onceBStarts(stage, async () =>
        (await containerOf(engineOf(stage.kind), stage.runId, "a")).remove({ force: true }),
      ),
    expected: { code: "SERVICE_DIED", service: "a" },
  })),
  fails("a container is restarted by hand during the start", engines, (stage) => ({
    units: { a: unit(stage), b: unit(stage, slow, { after: ["a"] }) },
    meanwhile: () =>
      onceBStarts(stage, async () =>
        (await containerOf(engineOf(stage.kind), stage.runId, "a")).restart({ t: 0 }),
      ),
    expected: { code: "SERVICE_DIED", service: "a" },
  })),
  died(
    "a service crashes when the stack is up",
    { ready: { afterMs: 1500, what: { exit: 31 } } },
    { exitCode: 31 },
  ),
  {
    name: "a service is killed from outside when the stack is up",
    on: everywhere,
    short: true,
    async play(stage) {
      const run = await stage.up(await stage.define({ a: unit(stage), b: unit(stage) }));
      stage.visibleAt = Date.now();
      await killUnit(stage, "a");
      const error = await run.failed.catch((reason) => reason);
      stage.toldAt = Date.now();
      expect(error).toMatchObject({ code: "SERVICE_DIED", service: "a" });
      await run.down();
    },
  },
  holds(
    "a service ignores SIGTERM",
    everywhere,
    async (stage) => ({
      units: { a: unit(stage, { ignoreTerm: true }, { stop: { grace: "1s" } }), b: unit(stage) },
    }),
    { short: true },
  ),
  holds("children in sessions of their own ignore SIGTERM", everywhere, async (stage) => ({
    units: { a: unit(stage, { children: 3 }, { stop: { grace: "1s" } }) },
  })),
  holds("a service is stopped by SIGSTOP when it is to end", everywhere, async (stage) => ({
    units: { a: unit(stage, {}, { stop: { grace: "1s" } }) },
    whileUp: () => pause(stage, "a", true),
  })),
  holds("a container is removed by hand while the stack is up", engines, async (stage) => ({
    units: { a: unit(stage), b: unit(stage) },
    options: { onExit: "report" },
    whileUp: async () => (await containerOf(engineOf(stage.kind), stage.runId, "a")).remove({ force: true }),
  })),
];

function died(name: string, behaviour: Parameters<typeof unit>[1], report: object): Fault {
  return {
    name,
    on: everywhere,
    async play(stage) {
      const run = await stage.up(await stage.define({ a: unit(stage, behaviour), b: unit(stage) }));
      const error = await run.failed.catch((reason) => reason);
      stage.toldAt = Date.now();
      stage.visibleAt = stage.markOf("a");
      expect(error).toMatchObject({ code: "SERVICE_DIED", service: "a", report });
      await run.down();
    },
  };
}
