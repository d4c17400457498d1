import { expect, test } from "vitest";
import { allProbe } from "../../src/probe/all.ts";
import { LookAborted, notYet, ready, wrong } from "../../src/probe/looks.ts";
import type { Look, Probe } from "../../src/probe/types.ts";

function seeing(look: Look, limits: Partial<Probe> = {}): Probe {
  return { describe: "it", lookLimitMs: 1000, leastIntervalMs: 0, look: async () => look, ...limits };
}

function lookAt(...looks: readonly Look[]): Promise<Look> {
  const probe = allProbe(
    looks.map((look) => seeing(look)),
    "all",
  );
  return probe.look({ signal: new AbortController().signal });
}

test("ready when all are, at the highest level that was proven", async () => {
  expect(await lookAt(ready("listening", "a"), ready("query", "b"), ready("running", "c"))).toEqual(
    ready("query", "a; b; c"),
  );
});

test("not yet while one is not", async () => {
  expect(await lookAt(ready("query", "a"), notYet("b"), notYet("c"))).toEqual(notYet("b; c"));
});

test("wrong as soon as one is", async () => {
  expect(await lookAt(notYet("a"), wrong("b"), ready("query", "c"))).toEqual(wrong("b"));
});

test("its limits are the greatest of its probes, and one that hangs is named", async () => {
  const hanging = seeing(notYet(""), {
    describe: "PING answers PONG",
    lookLimitMs: 2000,
    leastIntervalMs: 50,
    look: async () => {
      throw new LookAborted("to PING");
    },
  });
  const probe = allProbe([seeing(ready("query", "a")), hanging], "all");
  expect(probe).toMatchObject({ lookLimitMs: 2000, leastIntervalMs: 50 });
  await expect(probe.look({ signal: new AbortController().signal })).rejects.toMatchObject({
    waitingFor: "to PING (PING answers PONG)",
  });
});
