import { getEventListeners } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { conduct } from "../../src/conductor/conduct.ts";
import { tearDown } from "../../src/conductor/tear-down.ts";
import type { Conducted } from "../../src/conductor/types.ts";
import { RollcallError } from "../../src/errors/rollcall-error.ts";
import type { RunEvent } from "../../src/journal/events.ts";
import { openJournal, readJournal } from "../../src/journal/journal.ts";
import { stackMask } from "../../src/journal/mask-event.ts";
import { verifyJournal } from "../../src/journal/verify.ts";
import { createProcessRuntime } from "../../src/runtime/process/runtime.ts";
import type { Instance, PublishedPort } from "../../src/runtime/types.ts";
import type { ProbeSpec, Service, Task, Template, Unit } from "../../src/stack/types.ts";
import { aPlan, aService, aStack, aTask, needs } from "./stacks.ts";

const program = new URL("./fixtures/http-service.mjs", import.meta.url).pathname;
const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const health = (path = "/health"): ProbeSpec => ({
  kind: "http",
  port: undefined,
  path,
  method: "GET",
  status: [200],
  headers: {},
  headerMatch: {},
  bodyMatch: undefined,
  tls: undefined,
});

const command = (...argv: string[]) =>
  ({ kind: "command", argv: argv.map((text): Template => [text]), cwd: tmpdir() }) as const;
const port = { name: "http", container: 8080, host: "free", scheme: "http" } as const;
const ref = (service: string, property: string) => ({ service, property, port: undefined });

function web(
  name: string,
  env: Readonly<Record<string, Template>> = {},
  overrides: Partial<Service> = {},
): Service {
  return aService(name, {
    ports: [port],
    process: command(process.execPath, program),
    env: { PORT: [ref(name, "port")], ...env },
    ready: health(),
    ...overrides,
  });
}

function job(name: string, script: string, overrides: Partial<Task> = {}): Task {
  return aTask(name, { process: command(process.execPath, "-e", script), ...overrides });
}

interface Lived {
  readonly conducted: Conducted;
  readonly events: readonly RunEvent[];
  readonly started: ReadonlyMap<string, Instance>;
}

/** Brings units up as processes, with a journal; all of it is taken down after the test. */
async function live(
  units: readonly Unit[],
  {
    signal = new AbortController().signal,
    deadlineMs = 60_000,
    order = "sequential" as const,
    onEvent = (_: RunEvent) => {},
  } = {},
): Promise<Lived> {
  const dir = await mkdtemp(join(tmpdir(), "rollcall-conduct-"));
  cleanups.push(() => rm(dir, { recursive: true }));
  await mkdir(join(dir, "logs"));
  const stack = aStack(units, { order, dir });
  const plan = aPlan(stack);
  const runtime = createProcessRuntime();
  const id = `conduct-${process.pid}-${Math.random().toString(36).slice(2)}`;
  const place = runtime.open({ id, stack: stack.name, name: stack.name, dir, tempDir: join(dir, "temp") });
  const journal = openJournal(join(dir, "journal.ndjson"), { mask: stackMask(stack) });
  const started = new Map<string, Instance>();
  cleanups.push(async () => {
    await tearDown({ plan, instances: started, emit: journal.emit });
    expect(await place.remove({ signal: AbortSignal.timeout(30_000) })).toEqual([]);
    await place.close();
    await journal.close();
  });
  journal.subscribe(onEvent);
  journal.emit({
    type: "run.started",
    run: id,
    stack: stack.name,
    name: stack.name,
    runtime: "process",
    runtimeDescription: runtime.description,
    order: "sequential",
    deadlineMs,
    steps: plan.steps.map(({ unit, gates }) => ({
      service: unit.name,
      kind: unit.kind,
      after: gates.map(({ service }) => service),
    })),
  });
  const conducted = await conduct({
    stack,
    plan,
    runtime,
    place,
    ports: await allot(units),
    logFile: (unit) => join(dir, "logs", `${unit}.log`),
    emit: journal.emit,
    started: (instance) => void started.set(instance.unit, instance),
    deadlineMs,
    signal,
  });
  if (conducted.ok) journal.emit({ type: "run.ready", tookMs: 0 });
  expect(getEventListeners(signal, "abort")).toEqual([]);
  const events = await readJournal(join(dir, "journal.ndjson"));
  expect(verifyJournal(events)).toEqual([]);
  return { conducted, events, started };
}

async function allot(units: readonly Unit[]): Promise<Map<string, readonly PublishedPort[]>> {
  const ports = new Map<string, readonly PublishedPort[]>();
  for (const { name, ports: declared } of units) {
    if (declared.length === 0) continue;
    const server = createServer();
    const host = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
    });
    ports.set(name, [{ ...port, host }]);
    await new Promise((resolve) => server.close(resolve));
  }
  return ports;
}

function errorOf({ conducted }: Lived) {
  if (conducted.ok) throw new Error("it was expected to fail");
  return conducted.error;
}

test("starts each behind the proof of the one before, and hands on its address", async () => {
  const { conducted, events } = await live([
    web("store"),
    job("seed", "process.exit(0)", { after: needs("store") }),
    web("api", { NEEDS: [ref("store", "url"), "/health"] }, { after: needs("store", "seed") }),
  ]);
  expect(conducted.ok).toBe(true);
  expect(
    [...conducted.units.values()].map(
      ({ name, evidence }) => `${name}: ${evidence.level}, ${evidence.observed}`,
    ),
  ).toEqual([
    "store: query, 200 on GET /health",
    "seed: completed, exit code 0",
    "api: query, 200 on GET /health",
  ]);
  const told = events.flatMap((event) =>
    event.type === "start.requested" || event.type === "gate.opened"
      ? [`${event.type} ${event.service}`]
      : [],
  );
  expect(told).toEqual(
    ["store", "seed", "api"].flatMap((name) => [`start.requested ${name}`, `gate.opened ${name}`]),
  );
});

test("tells of a service that ends before it is ready: how, its last words without secrets, what was not started", async () => {
  const greeting = "\u001b[31mcannot open s3cret-password\u001b[0m";
  const lived = await live([
    web("store", { GREET: [greeting], EXIT: ["3"] }, { secrets: ["s3cret-password"] }),
    web("api"),
  ]);
  expect(errorOf(lived)).toMatchObject({
    code: "EXITED_EARLY",
    service: "store",
    exitCode: 3,
    logTail: ["cannot open ***"],
    notStarted: ["api"],
    message: expect.stringMatching(
      /^store ended before it was ready: exit code 3, .* \(its budget is 30 s, the run's deadline 1 min\)\.$/,
    ),
  });
  expect(lived.events.map(({ type }) => type)).toEqual(
    expect.arrayContaining(["service.failed", "service.notStarted"]),
  );
});

test("names budget, deadline, the last observation and a likely cause when a service never gets ready", async () => {
  const error = errorOf(await live([web("api", { MUTE: ["1"] }, { budgetMs: 8000 })]));
  expect(error).toMatchObject({
    code: "NOT_READY",
    service: "api",
    observed: "404 on GET /health",
    message: expect.stringMatching(
      /did not get ready within its budget of 8 s .*GET \/health.* deadline is 1 min/,
    ),
    hint: expect.stringMatching(/does not know the path.*its log names \/health, \/livez/),
  });
  expect(error.elapsedMs).toBeGreaterThanOrEqual(7900);
  expect(error.attempts).toBeGreaterThan(0);
});

test("names the one that died, and not the one that then could not get ready", async () => {
  const lived = await live([
    web("store", { DIE_ON: ["/die"] }),
    web("api", { NEEDS: [ref("store", "url"), "/die"], MUTE: ["1"] }),
    web("front"),
  ]);
  expect(errorOf(lived)).toMatchObject({
    code: "SERVICE_DIED",
    service: "store",
    exitCode: 7,
    notStarted: ["front"],
  });
  expect([...lived.started.keys()]).toEqual(["store", "api"]);
});

test("names the one that died also when the news of its dependant's end came first", async () => {
  const script = "fetch(process.env.URL + '/die').catch(() => process.exit(1))";
  const lived = await live([
    web("store", { DIE_ON: ["/die"] }),
    job("migrate", script, { env: { URL: [ref("store", "url")] }, after: needs("store") }),
  ]);
  expect(errorOf(lived)).toMatchObject({ code: "SERVICE_DIED", service: "store", exitCode: 7 });
});

test("tells of a task's failure with its code and its last words", async () => {
  const lived = await live([
    job("migrate", "console.error('relation \"users\" does not exist'); process.exit(4)"),
    web("api"),
  ]);
  expect(errorOf(lived)).toMatchObject({
    code: "TASK_FAILED",
    service: "migrate",
    exitCode: 4,
    logTail: ['relation "users" does not exist'],
    hint: expect.stringMatching(/migrations have not run/),
    notStarted: ["api"],
  });
});

test("ends at once when it is interrupted, and starts nothing more", async () => {
  const controller = new AbortController();
  const onEvent = (event: RunEvent) => {
    if (event.type === "probe.observed" && event.observed.startsWith("404")) controller.abort();
  };
  const lived = await live([web("store", { MUTE: ["1"] }), web("api")], {
    signal: controller.signal,
    onEvent,
  });
  expect(errorOf(lived)).toMatchObject({ code: "INTERRUPTED", service: null, notStarted: ["api"] });
  expect([...lived.started.keys()]).toEqual(["store"]);
});

test("passes on the error that a signal brings", async () => {
  const signal = AbortSignal.abort(new RollcallError("TERMINATED"));
  expect(errorOf(await live([web("store")], { signal }))).toMatchObject({
    code: "TERMINATED",
    notStarted: ["store"],
  });
});

test("passes on what an error has seen without its secrets and harmless to a terminal", async () => {
  const observed = "asked \u001b[2Jredis://:s3cret-word@127.0.0.1";
  const signal = AbortSignal.abort(new RollcallError("TERMINATED", { observed }));
  const lived = await live([web("store", {}, { secrets: ["s3cret-word"] })], { signal });
  expect(errorOf(lived).observed).toBe("asked redis://:***@127.0.0.1");
});

test("blames whoever was on its way when the deadline passes", async () => {
  const error = errorOf(await live([web("store", { MUTE: ["1"] }), web("api")], { deadlineMs: 4000 }));
  expect(error).toMatchObject({
    code: "DEADLINE",
    service: "store",
    notStarted: ["api"],
    message: expect.stringMatching(
      /^The run's deadline of 4 s passed while store was on its way for .* \(its budget is 30 s; looked for: GET \/health/,
    ),
  });
});
