import type { Plan, PlannedGate } from "../plan/types.ts";
import type { Incarnation, Instance } from "../runtime/types.ts";
import { orAborted } from "../util/or-aborted.ts";

/** A gate that has opened, and for which incarnation. */
export interface OpenGate {
  readonly service: string;
  /** Number of the event that opened it. */
  readonly seq: number;
  readonly incarnation: Incarnation;
  /** What must still be alive when somebody passes; undefined: a task may have ended. */
  readonly instance: Instance | undefined;
}

export interface Gates {
  open(condition: PlannedGate["condition"], gate: OpenGate): void;
  /** Resolves once all are open; rejects with the signal's reason. */
  allOpen(planned: readonly PlannedGate[], options: { readonly signal: AbortSignal }): Promise<OpenGate[]>;
}

/** Every unit has two gates: one opens when it runs, the other when it is proven ready. */
export function createGates(plan: Plan): Gates {
  const doors = new Map(plan.steps.map(({ unit }) => [unit.name, { started: door(), ready: door() }]));
  const doorOf = (service: string, condition: PlannedGate["condition"]): Door => {
    const found = doors.get(service);
    if (found === undefined) throw new Error(`the plan has a gate of ${service}, but no step that starts it`);
    return found[condition];
  };
  return {
    open: (condition, gate) => doorOf(gate.service, condition).open(gate),
    async allOpen(planned, { signal }) {
      const opened = planned.map(({ service, condition }) => doorOf(service, condition).opened);
      return orAborted(Promise.all(opened), signal);
    },
  };
}

interface Door {
  readonly opened: Promise<OpenGate>;
  readonly open: (gate: OpenGate) => void;
}

function door(): Door {
  let open: Door["open"] = () => {};
  const opened = new Promise<OpenGate>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** The first of the gates whose incarnation is no longer the one that gave the evidence, and what is there instead. */
export async function firstDead(
  gates: readonly OpenGate[],
  { signal }: { readonly signal: AbortSignal },
): Promise<{ readonly gate: OpenGate; readonly now: Incarnation | undefined } | undefined> {
  const looks = gates.map(async (gate) => {
    if (gate.instance === undefined) return undefined;
    const now = await orAborted(gate.instance.alive(), signal);
    return sameIncarnation(now, gate.incarnation) ? undefined : { gate, now };
  });
  return (await Promise.all(looks)).find((dead) => dead !== undefined);
}

/** An incarnation is the same only if all of it is: pids and names come back. */
export function sameIncarnation(a: Incarnation | undefined, b: Incarnation | undefined): boolean {
  return a !== undefined && b !== undefined && a.id === b.id && a.startTime === b.startTime;
}
