import type { ErrorReport } from "../errors/report.ts";
import type { EventBody, RunEvent } from "../journal/events.ts";
import type { Plan } from "../plan/types.ts";
import type { Incarnation, Instance, Place, PublishedPort, Runtime } from "../runtime/types.ts";
import type { Level, Stack } from "../stack/types.ts";

/** All that bringing a stack up needs; made by whoever owns the run. */
export interface Conducting {
  readonly stack: Stack;
  readonly plan: Plan;
  readonly runtime: Runtime;
  readonly place: Place;
  /** Host ports of every unit, allotted before anything starts. */
  readonly ports: ReadonlyMap<string, readonly PublishedPort[]>;
  readonly logFile: (unit: string) => string;
  /** Stamps an event, writes it to the journal and tells every reader; never throws. */
  readonly emit: (body: EventBody) => RunEvent;
  /** Called as soon as a unit has been started, before its gate opens: the record must know of it. */
  readonly started: (instance: Instance) => void;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

export type Conducted =
  | { readonly ok: true; readonly units: ReadonlyMap<string, ReadyUnit> }
  /** Nothing has been stopped yet: evidence is saved, removing is the owner's next step. */
  | { readonly ok: false; readonly error: ErrorReport; readonly units: ReadonlyMap<string, ReadyUnit> };

export interface ReadyUnit {
  readonly name: string;
  readonly kind: "service" | "task";
  /** undefined: what has ended as it should. */
  readonly instance: Instance | undefined;
  readonly evidence: Evidence;
  /** Milliseconds since the run began. */
  readonly startMs: number;
  readonly readyMs: number;
}

/** A probe's proof, bound to the incarnation that was alive before and after the look. */
export interface Evidence {
  readonly level: Level | "completed";
  readonly observed: string;
  readonly incarnation: Incarnation;
  readonly attempts: number;
}
