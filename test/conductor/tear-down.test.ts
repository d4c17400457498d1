import { expect, test } from "vitest";
import { tearDown } from "../../src/conductor/tear-down.ts";
import type { EventBody } from "../../src/journal/events.ts";
import type { Exit, Instance } from "../../src/runtime/types.ts";
import type { StopPolicy, Unit } from "../../src/stack/types.ts";
import { SimulatedInstance } from "./simulated-instance.ts";
import { aPlan, aService, aStack, aTask, needs } from "./stacks.ts";
import { VirtualClock } from "./virtual-clock.ts";

const clean: Exit = { exitCode: 0, signal: null, oomKilled: false };
const killed: Exit = { exitCode: null, signal: "SIGKILL", oomKilled: false };

/** Ends so long after it is asked to; undefined: never, unless it is killed. */
class Stoppable extends SimulatedInstance {
  readonly asked: string[] = [];
  readonly #clock: VirtualClock;
  readonly #takesMs: number | undefined;

  constructor(unit: string, clock: VirtualClock, takesMs: number | undefined) {
    super(unit, 1);
    this.#clock = clock;
    this.#takesMs = takesMs;
  }

  override stop(
    { signal, graceMs }: StopPolicy | { signal: string; graceMs: number } = { signal: "", graceMs: 0 },
  ) {
    this.asked.push(`${signal} ${graceMs}`);
    if (this.#takesMs !== undefined) void this.#clock.sleep(this.#takesMs).then(() => this.tell(clean));
    return this.exited;
  }

  override async kill() {
    this.asked.push("SIGKILL");
    this.tell(killed);
    return this.exited;
  }
}

class Broken extends SimulatedInstance {
  override async stop(): Promise<Exit> {
    throw new Error("the engine went away");
  }
}

const postgres = aService("postgres");
const redis = aService("redis");
const migrate = aTask("migrate", { after: needs("postgres") });
const api = aService("api", { after: needs("migrate", "redis") });
const web = aService("web", { after: needs("api") });
const plan = aPlan(aStack([postgres, redis, migrate, api, web]));

function scene(takes: Readonly<Record<string, number | undefined>>) {
  const clock = new VirtualClock();
  const instances = new Map<string, Instance>(
    Object.entries(takes).map(([name, takesMs]) => [name, new Stoppable(name, clock, takesMs)]),
  );
  const told: string[] = [];
  const emit = (body: EventBody) => {
    if (body.type === "stop.requested") told.push(`${clock.now()} ask ${body.service} ${body.signal}`);
    if (body.type === "stop.done") told.push(`${clock.now()} done ${body.service}`);
  };
  return { clock, instances, told, tearing: { plan, instances, emit, clock } };
}

test("stops a service once all that depend on it have stopped, also through a task, and others at the same time", async () => {
  const { clock, told, tearing } = scene({ postgres: 5, redis: 7, api: 20, web: 10 });
  expect(await clock.runUntil(tearDown(tearing))).toEqual({ errors: [] });
  expect(told).toEqual([
    "0 ask web SIGTERM",
    "10 done web",
    "10 ask api SIGTERM",
    "30 done api",
    expect.stringMatching(/^30 ask (redis|postgres) SIGTERM$/),
    expect.stringMatching(/^30 ask (redis|postgres) SIGTERM$/),
    "35 done postgres",
    "37 done redis",
  ]);
  expect(clock.pending, "timers left").toBe(0);
});

test("stops at the same time what needs nobody, whatever the order of the start was", async () => {
  const { clock, told, tearing } = scene({ postgres: 5, redis: 7 });
  await clock.runUntil(tearDown(tearing));
  expect(told.slice(0, 2).every((line) => line.startsWith("0 ask"))).toBe(true);
  expect(told.at(-1)).toBe("7 done redis");
});

test("asks each with its own signal and grace", async () => {
  const units: Unit[] = [aService("nginx", { stop: { signal: "SIGQUIT", graceMs: 123 } }), aService("api")];
  const { clock, instances, tearing } = scene({ nginx: 1, api: 1 });
  await clock.runUntil(tearDown({ ...tearing, plan: aPlan(aStack(units)) }));
  expect([...instances.values()].map((each) => (each as Stoppable).asked)).toEqual([
    ["SIGQUIT 123"],
    ["SIGTERM 10000"],
  ]);
});

test("goes on when one cannot be stopped, and names it", async () => {
  const { clock, instances, told, tearing } = scene({ postgres: 5, web: 5 });
  instances.set("api", new Broken("api", 1));
  const { errors } = await clock.runUntil(tearDown(tearing));
  expect(errors).toMatchObject([
    { code: "STOP_FAILED", service: "api", message: /api#1.*the engine went away/ },
  ]);
  expect(told).toContain("10 done postgres");
});

test("does not wait for ever for one that does not end", async () => {
  const { clock, told, tearing } = scene({ postgres: 5, web: undefined });
  const { errors } = await clock.runUntil(tearDown(tearing));
  expect(errors).toMatchObject([{ service: "web", message: /still alive 25000 ms after SIGTERM/ }]);
  expect(told.at(-1)).toBe("25005 done postgres");
});

test("kills everything as soon as nobody wants to wait any more", async () => {
  const { clock, instances, told, tearing } = scene({ postgres: undefined, web: undefined });
  const now = new AbortController();
  clock.after(50, () => now.abort());
  expect(await clock.runUntil(tearDown({ ...tearing, kill: now.signal }))).toEqual({ errors: [] });
  expect([...instances.values()].map((each) => (each as Stoppable).asked)).toEqual([
    ["SIGKILL"],
    ["SIGTERM 10000", "SIGKILL"],
  ]);
  expect(told).toEqual(["0 ask web SIGTERM", "50 ask postgres SIGKILL", "50 done web", "50 done postgres"]);
});

test("also stops what the plan does not know", async () => {
  const { clock, told, tearing } = scene({ stranger: 1 });
  await clock.runUntil(tearDown(tearing));
  expect(told).toEqual(["0 ask stranger SIGTERM", "1 done stranger"]);
});
