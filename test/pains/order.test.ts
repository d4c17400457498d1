import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { verifyJournal } from "../../src/journal/verify.ts";
import { loadStack } from "../../src/load/load.ts";
import { planStack } from "../../src/plan/plan.ts";
import { attempt, chore, small, stackIn, useHome } from "./rig.ts";

const home = useHome();

test("pain 1: nothing starts before what it needs is proven, and a crash is told with its code and log", async () => {
  const stack = await stackIn(home, {
    a: small({ beforeMs: 300 }),
    b: small({ log: ["no migrations found"], start: { what: { exit: 137 } } }, { after: ["a"] }),
    c: small({}, { after: ["b"] }),
  });
  const { error, events } = await attempt(stack);
  expect(error).toMatchObject({
    code: "EXITED_EARLY",
    service: "b",
    report: { exitCode: 137, notStarted: ["c"], logTail: expect.arrayContaining(["no migrations found"]) },
  });
  const types = events.map((event) => ("service" in event ? `${event.type} ${event.service}` : event.type));
  expect(types.indexOf("gate.opened a")).toBeLessThan(types.indexOf("start.requested b"));
  expect(types).not.toContain("start.requested c");
  expect(verifyJournal(events)).toEqual([]);
});

test("pain 2: a compose file's conditions are gates of the plan", async () => {
  const dir = mkdtempSync(join(home.dir, "compose-"));
  writeFileSync(
    join(dir, "compose.yaml"),
    `services:
  web:
    image: docker.io/library/node:20
    command: [node, server.js]
    ports: ["127.0.0.1:18099:8080"]
    depends_on:
      db: { condition: service_healthy }
      seed: { condition: service_completed_successfully }
  seed:
    image: docker.io/library/busybox:1
    command: ["true"]
    depends_on:
      db: { condition: service_healthy }
  db:
    image: docker.io/library/postgres:16-alpine
    environment: { POSTGRES_PASSWORD: local }
`,
  );
  const { steps } = planStack(await loadStack(dir, { cwd: dir }));
  expect(steps.map(({ unit }) => unit.name)).toEqual(["db", "seed", "web"]);
  const gates = steps
    .at(-1)
    ?.gates.filter(({ condition }) => condition === "ready")
    .map(({ service }) => service);
  expect(gates).toEqual(expect.arrayContaining(["db", "seed"]));
  expect(steps[0]?.unit).toMatchObject({ kind: "service", ready: { kind: "postgres" } });
});

test("pain 4: of several starts each one succeeds", async () => {
  const stack = await stackIn(home, { a: small({ beforeMs: 50 }), b: small(), c: small() });
  for (let start = 0; start < 3; start += 1) {
    const { run, error, events } = await attempt(stack);
    expect(error).toBeUndefined();
    await run?.down();
    expect(verifyJournal(events)).toEqual([]);
  }
});

test("pain 5: a service whose HTTP never answers is not ready, although its port is open", async () => {
  const { error } = await attempt(await stackIn(home, { a: small({ mute: true }, { budget: "5s" }) }));
  expect(error).toMatchObject({ code: "NOT_READY", service: "a" });
});

test("pain 6: a budget that is too short is named, with the run's deadline", async () => {
  const stack = await stackIn(home, { a: small({ beforeMs: 60_000 }, { budget: "2s" }) }, { timeout: "90s" });
  const { error } = await attempt(stack);
  expect(error?.message).toMatch(/its budget of 2 s .*deadline is (90 s|1 min 30 s|1\.5 min)/);
});

test("pain 25: a gate that did not open is an error, and nobody is told that the stack is ready", async () => {
  const stack = await stackIn(home, { a: small({ status: 503 }, { budget: "2s" }) });
  const { run, events } = await attempt(stack);
  expect(run).toBeUndefined();
  expect(events.map(({ type }) => type)).not.toContain("run.ready");
  expect(events.map(({ type }) => type)).not.toContain("gate.opened");
});

test("pain 27: migrations are a task in the order; when they fail, nothing that needs them starts", async () => {
  const migrated = await stackIn(home, {
    migrate: chore({ start: { afterMs: 200, what: { exit: 0 } } }),
    a: small({}, { after: ["migrate"] }),
  });
  const good = await attempt(migrated);
  await good.run?.down();
  const order = good.events.flatMap((event) =>
    event.type === "gate.opened" || event.type === "start.requested"
      ? [`${event.type} ${event.service}`]
      : [],
  );
  expect(order).toEqual([
    "start.requested migrate",
    "gate.opened migrate",
    "start.requested a",
    "gate.opened a",
  ]);
  const broken = await stackIn(home, {
    migrate: chore({ start: { what: { exit: 2 } } }),
    a: small({}, { after: ["migrate"] }),
  });
  const bad = await attempt(broken);
  expect(bad.error).toMatchObject({
    code: "TASK_FAILED",
    service: "migrate",
    report: { exitCode: 2, notStarted: ["a"] },
  });
});
