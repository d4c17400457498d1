import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planStack } from "../../src/plan/plan.ts";
import { planToJson, printPlan } from "../../src/plan/print.ts";
import type { Plan } from "../../src/plan/types.ts";
import type { Order, Stack } from "../../src/stack/types.ts";
import { errorOf, sound, stackOf } from "../stack/stack-of.ts";

const shop = stackOf(
  {
    postgres: { recipe: "postgres", user: "shop", password: "never-shown", database: "shop", port: 15432 },
    api: {
      image: "registry.example.com/a-long-organisation/a-long-name-of-an-image-for-the-api-server:2026.11",
      ports: { http: "18080:8080", metrics: 9090 },
      env: { DB: "${postgres.url}", CACHE: "${redis.url}", API_TOKEN: "never-shown-either" },
      after: ["migrate", { service: "mail", condition: "started" }],
      ready: { http: { path: "/health", port: "http", status: [200, 204], headers: { a: "never-shown" } } },
      budget: "30s",
    },
    redis: { recipe: "redis" },
    migrate: { task: true, command: ["node", "migrate.js", "${postgres.url}"] },
    mail: {
      ...sound,
      ready: { exec: ["check", "--password", "never-shown-in-probes"] },
      env: { SMTP_PASSWORD: "never-shown-in-probes" },
    },
  },
  { order: "sequential" },
);

const names = (plan: Plan) => plan.steps.map(({ unit }) => unit.name);

describe("plans as text", () => {
  test("sequential order", async () => {
    await expect(printPlan(planStack(shop))).toMatchFileSnapshot("sequential.golden.txt");
  });

  test("dependency order", async () => {
    await expect(printPlan(planStack(shop, { order: "dependency" }))).toMatchFileSnapshot(
      "dependency.golden.txt",
    );
  });

  test("only some services, and what they need", async () => {
    const plan = planStack(shop, { services: ["migrate"] });
    await expect(printPlan(plan)).toMatchFileSnapshot("some.golden.txt");
  });

  test("as JSON", async () => {
    const text = `${JSON.stringify(planToJson(planStack(shop)), null, 2)}\n`;
    await expect(text).toMatchFileSnapshot("plan.golden.json");
  });

  test("no secret is in it, and no line is longer than 80 columns", () => {
    const plan = planStack(shop);
    const text = printPlan(plan);
    expect(text + JSON.stringify(planToJson(plan))).not.toContain("never-shown");
    expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });
});

describe("a plan", () => {
  test("keeps the order written, save that what is needed comes first", () => {
    expect(names(planStack(shop))).toEqual(["postgres", "redis", "migrate", "mail", "api"]);
  });

  test("a service that does not exist is named with the nearest one", () => {
    const error = errorOf(() => planStack(shop, { services: ["postgras"] }));
    expect(error.code).toBe("USAGE");
    expect(error.hint).toBe('Did you mean "postgres"?');
  });

  test("in sequential order waiting for a start becomes waiting for readiness where it is the step before", () => {
    const stack = stackOf({ a: sound, b: { ...sound, after: [{ service: "a", condition: "started" }] } });
    expect(planStack(stack).steps[1]?.gates).toEqual([
      { service: "a", condition: "ready", because: "a before it in sequential order" },
    ]);
    expect(planStack(stack, { order: "dependency" }).steps[1]?.gates).toEqual([
      { service: "a", condition: "started", because: "after" },
    ]);
  });
});

/** Random stacks without cycles: a unit needs only ones of a lower rank, and the ranks are shuffled. */
const stacks: fc.Arbitrary<Stack> = fc.integer({ min: 1, max: 10 }).chain((size) =>
  fc
    .tuple(
      fc.shuffledSubarray([...Array(size).keys()], { minLength: size, maxLength: size }),
      fc.array(fc.array(fc.nat(size - 1), { maxLength: 4 }), { minLength: size, maxLength: size }),
    )
    .map(([ranks, edges]) => {
      const services = Object.fromEntries(
        ranks.map((rank) => {
          const after = [...new Set(edges[rank])].filter((need) => need < rank).map((need) => `s${need}`);
          return [`s${rank}`, { ...sound, after }];
        }),
      );
      return stackOf(services);
    }),
);
const orders = fc.constantFrom<Order>("sequential", "dependency");
const subset = (stack: Stack) => fc.subarray(stack.units.map(({ name }) => name));
const cases = stacks.chain((stack) => fc.tuple(fc.constant(stack), subset(stack), orders));

describe("every plan", () => {
  test("has each unit once, and what a unit needs before it", () => {
    fc.assert(
      fc.property(cases, ([stack, services, order]) => {
        const plan = planStack(stack, { services, order });
        const planned = names(plan);
        expect(new Set(planned).size).toBe(planned.length);
        expect(plan.steps.map(({ number }) => number)).toEqual(planned.map((_, index) => index + 1));
        for (const { number, unit, gates } of plan.steps) {
          const before = planned.slice(0, number - 1);
          for (const { service } of gates) expect(before).toContain(service);
          const gated = gates.map(({ service }) => service);
          expect(new Set(gated).size).toBe(gated.length);
          for (const { service } of unit.after) expect(gated).toContain(service);
          const previous = before.at(-1);
          if (order === "sequential" && previous !== undefined) expect(gated).toContain(previous);
        }
      }),
    );
  });

  test("of some services holds them and what they need, and nothing else", () => {
    fc.assert(
      fc.property(cases, ([stack, services, order]) => {
        const needs = new Map(
          stack.units.map(({ name, after }) => [name, after.map(({ service }) => service)]),
        );
        const wanted = new Set(services.length === 0 ? needs.keys() : services);
        for (const name of wanted) for (const need of needs.get(name) ?? []) wanted.add(need);
        expect(new Set(names(planStack(stack, { services, order })))).toEqual(wanted);
      }),
    );
  });

  test("planned again from its own units is the same", () => {
    fc.assert(
      fc.property(cases, ([stack, services, order]) => {
        const plan = planStack(stack, { services, order });
        const again = { ...stack, units: plan.steps.map(({ unit }) => unit) };
        expect(planStack(again, { order })).toEqual(plan);
        expect(printPlan(planStack(again, { order }))).toBe(printPlan(plan));
      }),
    );
  });

  test("keeps the order written wherever that order already puts what is needed first", () => {
    fc.assert(
      fc.property(stacks, (stack) => {
        const planned = planStack(stack).steps.map(({ unit }) => unit);
        expect(names(planStack({ ...stack, units: planned }))).toEqual(planned.map(({ name }) => name));
      }),
    );
  });
});
