import { RollcallError } from "../errors/rollcall-error.ts";
import type { Order, Stack, Unit } from "../stack/types.ts";
import { nearest } from "../util/nearest.ts";
import { quoted } from "../util/quoted.ts";
import type { Plan, PlannedGate, Step } from "./types.ts";

export interface PlanOptions {
  /** Only these and what they need. @default all */
  readonly services?: readonly string[] | undefined;
  /** @default the stack's own */
  readonly order?: Order | undefined;
}

/**
 * What will be done, in order: the order written, what is needed first.
 *
 * @throws RollcallError USAGE for a service that the stack does not have
 */
export function planStack(stack: Stack, { services = [], order = stack.order }: PlanOptions = {}): Plan {
  const units = new Map(stack.units.map((unit) => [unit.name, unit]));
  for (const name of services) checkName(name, units, stack.name);
  const wanted =
    services.length === 0 ? stack.units : stack.units.filter(({ name }) => services.includes(name));
  const ordered = neededFirst(wanted, units, stack.units);
  const steps = ordered.map((unit, index): Step => {
    const before = order === "sequential" ? ordered[index - 1] : undefined;
    return { number: index + 1, unit, gates: gatesOf(unit, before) };
  });
  return { stack: stack.name, order, steps };
}

function gatesOf(unit: Unit, before: Unit | undefined): readonly PlannedGate[] {
  const gates = unit.after.map(({ service, condition, because }) => ({ service, condition, because }));
  if (before === undefined) return gates;
  const because = `${before.name} before it in sequential order`;
  const own = gates.find(({ service }) => service === before.name);
  if (own?.condition === "ready") return gates;
  // Waiting for its start only would let two be on their way at once.
  const others = gates.filter((gate) => gate !== own);
  return [...others, { service: before.name, condition: "ready", because }];
}

/** The order written, except that what a unit needs comes before it. Cycles were refused by the validation. */
function neededFirst(
  wanted: readonly Unit[],
  units: ReadonlyMap<string, Unit>,
  written: readonly Unit[],
): readonly Unit[] {
  const position = new Map(written.map((unit, index) => [unit.name, index]));
  const placed = new Set<Unit>();
  const entered = new Set<Unit>();
  const pending = [...wanted].reverse();
  for (let unit = pending.at(-1); unit !== undefined; unit = pending.at(-1)) {
    const needs = unit.after
      .map(({ service }) => units.get(service))
      .filter((need) => need !== undefined)
      .filter((need) => !placed.has(need) && !entered.has(need))
      .sort((a, b) => (position.get(b.name) ?? 0) - (position.get(a.name) ?? 0));
    if (needs.length > 0 && !entered.has(unit)) {
      entered.add(unit);
      pending.push(...needs);
      continue;
    }
    pending.pop();
    placed.add(unit);
  }
  return [...placed];
}

function checkName(name: string, units: ReadonlyMap<string, Unit>, stack: string): void {
  if (units.has(name)) return;
  const near = nearest(name, units.keys());
  throw new RollcallError("USAGE", {
    message: `Stack ${stack} has no service ${quoted(name)}; it has ${[...units.keys()].join(", ")}.`,
    hint: near === undefined ? "Name one of these." : `Did you mean "${near}"?`,
  });
}
