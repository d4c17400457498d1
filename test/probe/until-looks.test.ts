import { describe, expect, test } from "vitest";
import { LookAborted, notYet } from "../../src/probe/looks.ts";
import { pauseMs } from "../../src/probe/until.ts";
import { probing, proof, wait } from "./fixtures/waiting.ts";

describe("a look that hangs", () => {
  test("is given up through its signal, says what it waited for, and the next one is made", async () => {
    let attempt = 0;
    const told: string[] = [];
    const probe = probing(
      ({ signal }) => {
        attempt += 1;
        if (attempt > 1) return Promise.resolve(proof);
        return new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(new LookAborted("to PING")));
        });
      },
      { lookLimitMs: 100 },
    );
    const outcome = await wait(probe, { onObserved: (observed) => told.push(observed) });
    expect(outcome).toMatchObject({ kind: "ready", attempts: 2 });
    expect(told).toEqual(["no answer within 100 ms to PING", "SELECT 1 answered"]);
  });

  test("makes the next one more patient, up to the probe's limit", async () => {
    const told: string[] = [];
    let attempt = 0;
    const probe = probing(
      () => {
        attempt += 1;
        return attempt > 4 ? Promise.resolve(proof) : new Promise(() => {});
      },
      { lookLimitMs: 40, patientLimitMs: 100 },
    );
    await wait(probe, { onObserved: (observed) => told.push(observed) });
    expect(told.slice(0, 3)).toEqual([
      "no answer within 40 ms",
      "no answer within 80 ms",
      "no answer within 100 ms",
    ]);
  });

  test("and rejects long after it was given up disturbs nobody", async () => {
    const late: ((reason: Error) => void)[] = [];
    const probe = probing(() => new Promise((_resolve, reject) => late.push(reject)), { lookLimitMs: 20 });
    const outcome = await wait(probe, { budgetMs: 200 });
    for (const reject of late) reject(new Error("late"));
    await new Promise((resolve) => setImmediate(resolve));
    expect(outcome).toMatchObject({ kind: "budget", lastObserved: "no answer within 20 ms" });
  });
});

describe("the pace", () => {
  test("is close while a start is young, and wider later", () => {
    expect([0, 250, 500, 5000, 12_500, 1_000_000].map(pauseMs)).toEqual([5, 5, 10, 100, 250, 250]);
  });

  test("keeps the probe's least interval", async () => {
    const at: number[] = [];
    const probe = probing(
      async () => {
        at.push(performance.now());
        return at.length < 3 ? notYet("refused") : proof;
      },
      { leastIntervalMs: 200 },
    );
    await wait(probe);
    const [one = 0, two = 0, three = 0] = at;
    // Timers of Node may fire a millisecond early.
    expect(Math.min(two - one, three - two)).toBeGreaterThan(195);
  });
});
