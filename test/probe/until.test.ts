import { getEventListeners } from "node:events";
import { describe, expect, onTestFinished, test } from "vitest";
import { createProbe } from "../../src/probe/create.ts";
import { notYet, ready, wrong } from "../../src/probe/looks.ts";
import { wrongPersistsMs } from "../../src/probe/until.ts";
import type { Exit, Incarnation } from "../../src/runtime/types.ts";
import { targetAt } from "./fixtures/looking.ts";
import { deferred, exit, first, generous, probing, proof, seeing, wait } from "./fixtures/waiting.ts";
import { liars, listen } from "./fixtures/wire-server.ts";

describe("readiness", () => {
  test("the first look is made at once, and may be the last", async () => {
    const outcome = await wait(seeing(proof));
    expect(outcome).toEqual({
      kind: "ready",
      level: "query",
      observed: "SELECT 1 answered",
      incarnation: first,
      attempts: 1,
    });
  });

  test("is looked for again until it is proven, and only changes are told", async () => {
    const told: [string, number][] = [];
    const looks = [notYet("refused"), notYet("refused"), notYet("starting"), notYet("starting"), proof];
    const outcome = await wait(seeing(...looks), { onObserved: (...what) => told.push(what) });
    expect(outcome).toMatchObject({ kind: "ready", attempts: 5 });
    expect(told).toEqual([
      ["refused", 1],
      ["starting", 3],
      ["SELECT 1 answered", 5],
    ]);
  });

  test.each([
    ["another id", { ...first, id: "2" }],
    ["the same id started again", { ...first, startTime: "11" }],
    ["nobody", undefined],
  ])("proves nothing when after the look %s is alive", async (_title, after) => {
    const answers = [first, after, first, first];
    const told: string[] = [];
    const outcome = await wait(seeing(proof), {
      alive: async () => answers.shift(),
      onObserved: (observed) => told.push(observed),
    });
    expect(outcome).toMatchObject({ kind: "ready", attempts: 2, incarnation: first });
    expect(told).toEqual(["it was restarted during the look", "SELECT 1 answered"]);
  });

  test("is not looked for while nothing is alive", async () => {
    const answers = [undefined, first, first];
    let looks = 0;
    const probe = probing(async () => {
      looks += 1;
      return proof;
    });
    const outcome = await wait(probe, { alive: async () => answers.shift() });
    expect(outcome).toMatchObject({ kind: "ready", attempts: 2 });
    expect(looks).toBe(1);
  });

  test("at a lower level than required opens nothing", async () => {
    const outcome = await wait(seeing(ready("listening", "accepts")), {
      requiredLevel: "query",
      budgetMs: 200,
    });
    expect(outcome).toMatchObject({
      kind: "wrong",
      lastObserved: 'accepts: this proves "listening", and "query" is required',
    });
  });

  test("a probe and a runtime that throw are looked at again", async () => {
    let turn = 0;
    const told: string[] = [];
    const probe = probing(async () => {
      turn += 1;
      if (turn === 1) throw new Error("bug\u001b[2J");
      return proof;
    });
    let asked = 0;
    const alive = async (): Promise<Incarnation> => {
      asked += 1;
      if (asked === 2) throw new Error("engine went away");
      return first;
    };
    const outcome = await wait(probe, { alive, onObserved: (observed) => told.push(observed) });
    expect(outcome).toMatchObject({ kind: "ready" });
    expect(told).toEqual([
      "the look failed: bug\\x1b[2J",
      "the look failed: engine went away",
      "SELECT 1 answered",
    ]);
  });
});

describe("what else ends the wait", () => {
  test("an exit, at once, in the middle of a look that hangs", async () => {
    const looking = deferred<void>();
    const exited = deferred<Exit>();
    const waiting = wait(
      probing(() => {
        looking.resolve();
        return new Promise(() => {});
      }),
      { exited: exited.promise },
    );
    await looking.promise;
    exited.resolve(exit);
    expect(await waiting).toEqual({ kind: "exited", exit, lastObserved: undefined, attempts: 1 });
  });

  test("an exit, at once, in the middle of a long pause", async () => {
    const exited = deferred<Exit>();
    const outcome = await wait(
      probing(async () => notYet("refused"), { leastIntervalMs: generous }),
      { exited: exited.promise, onObserved: () => exited.resolve(exit) },
    );
    expect(outcome).toEqual({ kind: "exited", exit, lastObserved: "refused", attempts: 1 });
  });

  test("an exit that coincides with the proof is preferred", async () => {
    const exited = deferred<Exit>();
    let asked = 0;
    const outcome = await wait(seeing(proof), {
      exited: exited.promise,
      alive: async () => {
        asked += 1;
        if (asked === 2) setImmediate(() => exited.resolve(exit));
        return first;
      },
    });
    expect(outcome).toMatchObject({ kind: "exited", exit, lastObserved: "SELECT 1 answered" });
  });

  test("an exit that coincides with an abort is preferred", async () => {
    const controller = new AbortController();
    const exited = deferred<Exit>();
    const outcome = await wait(seeing(notYet("refused")), {
      exited: exited.promise,
      signal: controller.signal,
      onObserved: () => {
        controller.abort();
        exited.resolve(exit);
      },
    });
    expect(outcome).toMatchObject({ kind: "exited" });
  });

  test("an abort, with its reason", async () => {
    const controller = new AbortController();
    const outcome = await wait(seeing(notYet("refused")), {
      signal: controller.signal,
      onObserved: () => controller.abort("Ctrl-C"),
    });
    expect(outcome).toEqual({ kind: "aborted", reason: "Ctrl-C", lastObserved: "refused", attempts: 1 });
  });

  test("an abort before the wait", async () => {
    const outcome = await wait(seeing(proof), { signal: AbortSignal.abort("early") });
    expect(outcome).toEqual({ kind: "aborted", reason: "early", lastObserved: undefined, attempts: 0 });
  });

  test("the budget, with what was seen last", async () => {
    const outcome = await wait(seeing(notYet("refused")), { budgetMs: 100 });
    expect(outcome).toMatchObject({ kind: "budget", lastObserved: "refused" });
  });

  test("the budget, although look and question for life both hang", async () => {
    const hang = (): Promise<never> => new Promise(() => {});
    expect(await wait(probing(hang), { budgetMs: 100 })).toMatchObject({
      kind: "budget",
      lastObserved: expect.stringMatching(/^no answer within \d+ ms$/),
    });
    expect(await wait(seeing(proof), { alive: hang, budgetMs: 100 })).toMatchObject({ kind: "budget" });
  });

  test("a wrong answer that lasts as long as a small budget", async () => {
    const outcome = await wait(seeing(wrong("password refused")), { budgetMs: 150 });
    expect(outcome).toMatchObject({ kind: "wrong", lastObserved: "password refused" });
  });

  test("a wrong answer that lasts, long before a great budget; one that heals does not", async () => {
    const startedAt = performance.now();
    const [lasting, healing] = await Promise.all([
      wait(seeing(wrong("password refused"))),
      wait(seeing(wrong("no such role"), wrong("no such role"), proof)),
    ]);
    expect(lasting).toMatchObject({ kind: "wrong", lastObserved: "password refused" });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(wrongPersistsMs);
    expect(healing).toMatchObject({ kind: "ready", attempts: 3 });
  });
});

test("nothing is left behind: no timer, no listener, no connection", async () => {
  const server = await listen(liars.neverAnswers);
  onTestFinished(() => server.close());
  const controller = new AbortController();
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const before = timers();
  const specs = [
    { kind: "redis", port: undefined, username: undefined, password: undefined },
    { kind: "postgres", port: undefined, user: "u", password: "p", database: "d" },
    { kind: "tcp", port: undefined },
    { kind: "handshake", protocol: "mysql", port: undefined },
    {
      kind: "http",
      port: undefined,
      path: "/",
      method: "GET",
      status: [200],
      headers: {},
      headerMatch: {},
      bodyMatch: undefined,
      tls: undefined,
    },
  ] as const;
  const target = targetAt(server.address);
  const outcomes = await Promise.all(
    specs.map((spec) =>
      wait(createProbe(spec, target), { budgetMs: 300, signal: controller.signal }).then(({ kind }) => kind),
    ),
  );
  expect(outcomes).toEqual(["budget", "budget", "ready", "budget", "budget"]);
  expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  expect(timers()).toBeLessThanOrEqual(before);
  await expect.poll(() => server.open.size, { timeout: 20_000 }).toBe(0);
});
