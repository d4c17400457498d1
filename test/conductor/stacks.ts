import type { Plan, PlannedGate } from "../../src/plan/types.ts";
import type { Dependency, Service, Stack, Task, Unit } from "../../src/stack/types.ts";

const base = {
  after: [],
  env: {},
  ports: [],
  files: [],
  container: undefined,
  process: undefined,
  budgetMs: 30_000,
  stop: { signal: "SIGTERM", graceMs: 10_000 },
  facts: {},
  secrets: [],
} as const;

export function aService(name: string, overrides: Partial<Service> = {}): Service {
  return { ...base, name, kind: "service", ready: { kind: "running" }, ...overrides };
}

export function aTask(name: string, overrides: Partial<Task> = {}): Task {
  return { ...base, name, kind: "task", ...overrides };
}

export function needs(...names: string[]): Dependency[] {
  return names.map((service) => ({ service, condition: "ready", because: "after" }));
}

export function aStack(units: readonly Unit[], overrides: Partial<Stack> = {}): Stack {
  return {
    name: "shop",
    dir: "/shop",
    file: undefined,
    order: "sequential",
    timeoutMs: 120_000,
    units,
    exports: {},
    notes: [],
    ...overrides,
  };
}

/** The units in the order given; in sequential order each also waits for the one before it. */
export function aPlan(stack: Stack, order: Plan["order"] = stack.order): Plan {
  const steps = stack.units.map((unit, index) => {
    const gates: PlannedGate[] = [...unit.after];
    const before = stack.units[index - 1];
    if (order === "sequential" && before && !gates.some(({ service }) => service === before.name)) {
      gates.push({ service: before.name, condition: "ready", because: `${before.name} before it` });
    }
    return { number: index + 1, unit, gates };
  });
  return { stack: stack.name, order, steps };
}
