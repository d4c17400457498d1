import type { Order, Unit } from "../stack/types.ts";

/** What will be done, in order; the conductor that carries it out decides nothing. */
export interface Plan {
  readonly stack: string;
  readonly order: Order;
  readonly steps: readonly Step[];
}

export interface Step {
  /** Position, from 1. */
  readonly number: number;
  readonly unit: Unit;
  /** The gates that must be open before the start is requested. */
  readonly gates: readonly PlannedGate[];
}

export interface PlannedGate {
  readonly service: string;
  readonly condition: "ready" | "started";
  /** Why: "postgres before it in sequential order", "env DB_HOST refers to postgres.host". */
  readonly because: string;
}
