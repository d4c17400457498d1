import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EventBody, RunEvent } from "../../src/journal/events.ts";
import { type Rule, verifyJournal } from "../../src/journal/verify.ts";
import type { Incarnation } from "../../src/runtime/types.ts";

const incarnation = (name: string, number = 1): Incarnation => ({
  id: `${name}-${number}`,
  pid: number,
  startTime: "9",
});
const names = ["postgres", "redis", "migrate", "api"] as const;
const kindOf = (name: string) => (name === "migrate" ? "task" : "service");
const exit = { exitCode: 0, signal: null, oomKilled: false } as const;

/** A run of a postgres, a redis, a task and an api in sequential order, taken down again. */
function goodJournal(): RunEvent[] {
  const events: RunEvent[] = [];
  const emit = (body: EventBody) => {
    const seq = events.length + 1;
    events.push({ seq, atMs: seq * 10, time: "2026-01-01T00:00:00Z", ...body });
    return seq;
  };
  const steps = names.map(
    (service, index) => ({ service, kind: kindOf(service), after: names.slice(0, index) }) as const,
  );
  const runtime = { runtime: "process", runtimeDescription: "this machine", order: "sequential" } as const;
  emit({ type: "run.started", run: "r", stack: "s", name: "s", ...runtime, deadlineMs: 1000, steps });
  const gates: { service: string; gateSeq: number; incarnation: Incarnation }[] = [];
  for (const service of names) {
    emit({ type: "start.requested", service, because: [...gates] });
    emit({ type: "start.done", service, incarnation: incarnation(service), tookMs: 1 });
    if (kindOf(service) === "task") emit({ type: "service.exited", service, exit, expected: true });
    else emit({ type: "probe.observed", service, observed: "refused", attempt: 1 });
    const level = kindOf(service) === "task" ? "completed" : "query";
    const proof = {
      level,
      observed: "ok",
      incarnation: incarnation(service),
      attempts: 2,
      tookMs: 5,
    } as const;
    gates.push({
      service,
      gateSeq: emit({ type: "gate.opened", service, ...proof }),
      incarnation: incarnation(service),
    });
  }
  emit({ type: "run.ready", tookMs: 100 });
  emit({ type: "run.stopping", because: "down" });
  for (const service of ["api", "redis", "postgres"]) {
    emit({ type: "stop.requested", service, signal: "SIGTERM", graceMs: 1 });
    emit({ type: "stop.done", service, exit, tookMs: 1 });
  }
  emit({ type: "audit", leftovers: [] });
  emit({ type: "run.stopped", tookMs: 1 });
  return events;
}

/** Numbers and times as they would be had it happened so. */
function renumber(events: readonly RunEvent[]): RunEvent[] {
  const seqs = new Map(events.map(({ seq }, index) => [seq, index + 1]));
  return events.map((event, index) => {
    const stamped = { ...event, seq: index + 1, atMs: (index + 1) * 10 };
    if (stamped.type !== "start.requested") return stamped;
    const because = stamped.because.map((gate) => ({ ...gate, gateSeq: seqs.get(gate.gateSeq) ?? 0 }));
    return { ...stamped, because };
  });
}

function rules(events: readonly RunEvent[]): Rule[] {
  return [...new Set(verifyJournal(events).map(({ rule }) => rule))];
}

const good = goodJournal();
const indexes = (type: RunEvent["type"]) =>
  good.flatMap((event, index) => (event.type === type ? [index] : []));
const anIndex = (...types: RunEvent["type"][]) => fc.constantFrom(...types.flatMap(indexes));

function without(index: number): RunEvent[] {
  return good.filter((_event, at) => at !== index);
}

function changed(index: number, change: (event: RunEvent) => object): RunEvent[] {
  return good.map((event, at) => (at === index ? ({ ...event, ...change(event) } as RunEvent) : event));
}

function inserted(index: number, body: EventBody): RunEvent[] {
  const event = { seq: 0, atMs: 0, time: "", ...body };
  return [...good.slice(0, index), event, ...good.slice(index)];
}

describe("a journal in order", () => {
  test("has no violation", () => {
    expect(verifyJournal(good)).toEqual([]);
    expect(verifyJournal(renumber(good))).toEqual([]);
  });

  test("has none at any moment of its writing", () => {
    for (let length = 0; length <= good.length; length++)
      expect(verifyJournal(good.slice(0, length))).toEqual([]);
  });
});

describe("a journal that was changed", () => {
  test("shows a line that is missing", () => {
    fc.assert(
      fc.property(fc.nat(good.length - 2), (index) => {
        expect(rules(without(index))).toContain("numbers");
      }),
    );
  });

  test("shows two lines that changed places", () => {
    fc.assert(
      fc.property(fc.nat(good.length - 2), (index) => {
        const [a, b] = good.slice(index, index + 2);
        if (a === undefined || b === undefined) return;
        expect(rules([...good.slice(0, index), b, a, ...good.slice(index + 2)])).toEqual(
          expect.arrayContaining(["numbers", "time"]),
        );
      }),
    );
  });

  test("shows time that went back", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: good.length - 1 }),
        fc.integer({ min: 11, max: 10_000 }),
        (index, backMs) => {
          expect(rules(changed(index, ({ atMs }) => ({ atMs: atMs - backMs })))).toEqual(["time"]);
        },
      ),
    );
  });
});

describe("a run that broke a promise", () => {
  const finds = (name: string, rule: Rule, arbitrary: fc.Arbitrary<RunEvent[]>) =>
    test(name, () => {
      fc.assert(
        fc.property(arbitrary, (events) => {
          expect(rules(renumber(events))).toContain(rule);
        }),
      );
    });

  finds(
    "is found when a gate did not open before the starts behind it",
    "order",
    fc.constantFrom(...indexes("gate.opened").slice(0, -1)).map(without),
  );

  finds(
    "is found when a start came before a gate",
    "order",
    fc
      .constantFrom(...indexes("start.requested").slice(1))
      .chain((index) => fc.integer({ min: 1, max: index - 1 }).map((to) => ({ index, to })))
      .map(({ index, to }) => {
        const moved = good[index];
        const rest = without(index);
        return moved === undefined ? rest : [...rest.slice(0, to), moved, ...rest.slice(to)];
      })
      // Before the gate of the step just before it, at least.
      .filter((events) => events.findIndex(({ type }) => type === "start.requested") >= 0),
  );

  finds(
    "is found when a start names fewer gates than the plan",
    "order",
    fc
      .constantFrom(...indexes("start.requested").slice(1))
      .map((index) =>
        changed(index, (event) =>
          event.type === "start.requested" ? { because: event.because.slice(1) } : {},
        ),
      ),
  );

  finds(
    "is found when a start names another incarnation than the gate's",
    "order",
    fc.constantFrom(...indexes("start.requested").slice(1)).map((index) =>
      changed(index, (event) =>
        event.type === "start.requested"
          ? {
              because: event.because.map((gate) => ({
                ...gate,
                incarnation: incarnation(gate.service, 2),
              })),
            }
          : {},
      ),
    ),
  );

  finds(
    "is found when a start went on although what it needs had ended",
    "order",
    fc
      .constantFrom(...indexes("start.requested").slice(1))
      .map((index) =>
        inserted(index, { type: "service.exited", service: "postgres", exit, expected: false }),
      ),
  );

  finds(
    "is found when a gate was opened by somebody else",
    "evidence",
    anIndex("gate.opened").map((index) =>
      changed(index, (event) => ("service" in event ? { incarnation: incarnation(event.service, 2) } : {})),
    ),
  );

  finds("is found when a gate was opened by nobody", "evidence", anIndex("start.done").map(without));

  finds(
    "is found when a service was started twice",
    "once",
    fc.constantFrom(...indexes("start.requested")).map((index) => {
      const again = good[index];
      return again === undefined ? good : [...good.slice(0, index + 2), again, ...good.slice(index + 2)];
    }),
  );

  finds(
    "is found when it was called ready too early",
    "ready",
    fc
      .integer({ min: 1, max: indexes("gate.opened").at(-1) ?? 0 })
      .map((index) => inserted(index, { type: "run.ready", tookMs: 1 })),
  );

  finds(
    "is found when something was started or opened after the failure",
    "failure",
    anIndex("start.requested", "gate.opened").map((index) => {
      const error = {
        code: "INTERNAL",
        service: "redis",
        message: "",
        hint: "",
        observed: null,
        exitCode: null,
        signal: null,
        oomKilled: false,
        elapsedMs: null,
        attempts: null,
        logTail: [],
        notStarted: [],
      } as const;
      return inserted(index, { type: "service.failed", service: "redis", error });
    }),
  );

  finds(
    "is found when something was left behind",
    "end",
    fc.constantFrom(...indexes("audit")).map((index) => changed(index, () => ({ leftovers: ["process 7"] }))),
  );

  finds("is found when it was called stopped too early", "end", anIndex("stop.done").map(without));

  test("is found when a restart begins before the stop, and not when it comes after", () => {
    const at = indexes("run.ready")[0] ?? 0;
    const restart: EventBody[] = [
      { type: "stop.requested", service: "api", signal: "SIGTERM", graceMs: 1 },
      { type: "stop.done", service: "api", exit, tookMs: 1 },
      { type: "start.requested", service: "api", because: [] },
      { type: "start.done", service: "api", incarnation: incarnation("api", 2), tookMs: 1 },
    ];
    const stamped = restart.map((body) => ({ seq: 0, atMs: 0, time: "", ...body }));
    expect(rules(renumber([...good.slice(0, at + 1), ...stamped, ...good.slice(at + 1)]))).toEqual([]);
    expect(rules(renumber([...good.slice(0, at + 1), ...stamped.slice(2), ...good.slice(at + 1)]))).toEqual([
      "once",
    ]);
  });
});
