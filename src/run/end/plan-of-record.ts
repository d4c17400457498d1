import type { Plan, Step } from "../../plan/types.ts";
import type { Task } from "../../stack/types.ts";
import type { RunRecord, UnitRecord } from "../types.ts";

/** The order of a run as it was started, for whoever ends it without knowing the definition. */
export function planOfRecord(record: RunRecord): Plan {
  const steps = record.units.map(
    (unit, index): Step => ({
      number: index + 1,
      unit: bareUnit(unit),
      gates: [],
    }),
  );
  return { stack: record.stack, order: record.order, steps };
}

function bareUnit(unit: UnitRecord): Task {
  return {
    kind: "task",
    name: unit.name,
    after: unit.after.map((service) => ({ service, condition: "ready", because: "as it was started" })),
    env: {},
    ports: [],
    files: [],
    container: undefined,
    process: undefined,
    budgetMs: 0,
    stop: unit.stop,
    facts: {},
    secrets: [],
  };
}
