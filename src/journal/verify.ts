import type { Incarnation } from "../runtime/types.ts";
import type { RunEvent } from "./events.ts";

/** A promise that the journal shows to be broken. */
export interface Violation {
  readonly rule: Rule;
  /** Number of the event that shows it. */
  readonly seq: number;
  readonly service: string | null;
  readonly text: string;
}

export type Rule =
  /** Numbers go up by one. */
  | "numbers"
  /** Times do not go back. */
  | "time"
  /** The run is introduced once, first. */
  | "beginning"
  /** A start names an open gate for each dependency, opened before, by the incarnation that still lives. */
  | "order"
  /** A gate opens on the evidence of what was started, and only then. */
  | "evidence"
  /** One start at a time of every unit. */
  | "once"
  /** Ready means every gate. */
  | "ready"
  /** After a failure nothing more is started or opened. */
  | "failure"
  /** What is stopped stays stopped; nothing is left. */
  | "end";

type Event<Type extends RunEvent["type"]> = Extract<RunEvent, { type: Type }>;

interface UnitState {
  phase: "idle" | "requested" | "running" | "ended";
  kind: "service" | "task" | undefined;
  mayComplete?: boolean | undefined;
  incarnation: Incarnation | undefined;
  /** Numbers of the events that opened its gates, for the incarnation of now. */
  startedSeq: number | undefined;
  gateSeq: number | undefined;
}

/** Proof of order: the promises that a journal shows to be broken, in its order; none: all were kept. Pure. */
export function verifyJournal(events: readonly RunEvent[]): Violation[] {
  const reading = new Reading();
  for (const event of events) reading.read(event);
  return reading.violations;
}

class Reading {
  readonly violations: Violation[] = [];
  readonly #units = new Map<string, UnitState>();
  #last: RunEvent | undefined;
  #begun: Event<"run.started"> | undefined;
  #ready = false;
  #failed = false;
  #stopped = false;

  read(event: RunEvent): void {
    this.#readStamp(event);
    this.#last = event;
    switch (event.type) {
      case "run.started":
        this.#readBeginning(event);
        break;
      case "start.requested":
        this.#readRequest(event);
        break;
      case "start.done":
        this.#readStart(event);
        break;
      case "gate.opened":
        this.#readGate(event);
        break;
      case "service.exited":
        this.#readExit(event);
        return;
      case "stop.done":
        this.#unit(event.service).phase = "ended";
        return;
      case "service.failed":
        this.#failed ||= !this.#ready;
        return;
      case "run.failed":
        this.#failed = true;
        return;
      case "run.ready":
        this.#readReady(event);
        break;
      case "run.stopped":
        this.#readEnd(event);
        break;
      case "audit":
        for (const leftover of event.leftovers) this.#report("end", event, null, `left behind: ${leftover}`);
        return;
      default:
        return;
    }
  }

  #readStamp(event: RunEvent): void {
    const expected = (this.#last?.seq ?? 0) + 1;
    if (event.seq !== expected) {
      this.#report("numbers", event, null, `number ${expected} was expected, ${event.seq} came`);
    }
    if (event.atMs < (this.#last?.atMs ?? 0) || !Number.isFinite(event.atMs)) {
      this.#report(
        "time",
        event,
        null,
        `time went back from ${this.#last?.atMs ?? 0} ms to ${event.atMs} ms`,
      );
    }
    if (this.#begun === undefined && event.type !== "run.started" && isAct(event)) {
      this.#begun = nothingPlanned(event);
      this.#report("beginning", event, null, `${event.type} came before run.started`);
    }
  }

  #readBeginning(event: Event<"run.started">): void {
    if (this.#begun !== undefined) this.#report("beginning", event, null, "the run was started twice");
    this.#begun = event;
    for (const { service, kind, mayComplete } of event.steps)
      Object.assign(this.#unit(service), { kind, mayComplete });
  }

  /** What may end and has ended well has done what a task does. */
  #readExit({ service, exit }: Event<"service.exited">): void {
    const unit = this.#unit(service);
    unit.phase = "ended";
    if (unit.mayComplete === true && exit.exitCode === 0) unit.kind = "task";
  }

  #readRequest(event: Event<"start.requested">): void {
    const { service, because } = event;
    const unit = this.#unit(service);
    this.#refuseAfterTheEnd(event, service, "its start was requested");
    if (unit.phase === "requested" || unit.phase === "running") {
      this.#report("once", event, service, "its start was requested although it had not been stopped");
    }
    const planned = this.#begun?.steps.find((step) => step.service === service);
    if (planned === undefined) this.#report("order", event, service, "it is not in the plan");
    for (const needed of planned?.after ?? []) {
      // A restart of a stack that is up proves its own gate only.
      if (!this.#ready && !because.some((gate) => gate.service === needed)) {
        this.#report("order", event, service, `its start was requested without the gate of ${needed}`);
      }
    }
    for (const gate of because) this.#readBecause(event, gate);
    Object.assign(unit, {
      phase: "requested",
      incarnation: undefined,
      startedSeq: undefined,
      gateSeq: undefined,
    });
  }

  #readBecause(
    event: Event<"start.requested">,
    { service: needed, gateSeq, incarnation }: Event<"start.requested">["because"][number],
  ): void {
    const unit = this.#unit(needed);
    const refuse = (text: string) => this.#report("order", event, event.service, text);
    if (gateSeq !== unit.gateSeq && gateSeq !== unit.startedSeq) {
      refuse(`the gate of ${needed} had not been opened by event ${gateSeq}`);
    } else if (incarnation === null || !same(incarnation, unit.incarnation)) {
      refuse(`the gate of ${needed} was opened by ${say(unit.incarnation)}, not by ${say(incarnation)}`);
    } else if (unit.phase === "ended" && unit.kind !== "task") {
      refuse(`${needed} had already ended`);
    }
  }

  #readStart(event: Event<"start.done">): void {
    const unit = this.#unit(event.service);
    if (unit.phase !== "requested") {
      this.#report("once", event, event.service, "it was started without a request");
    }
    Object.assign(unit, { phase: "running", incarnation: event.incarnation, startedSeq: event.seq });
  }

  #readGate(event: Event<"gate.opened">): void {
    const { service, incarnation, level } = event;
    const unit = this.#unit(service);
    const refuse = (text: string) => this.#report("evidence", event, service, text);
    this.#refuseAfterTheEnd(event, service, "its gate was opened");
    const begun = unit.phase === "running" || (unit.phase === "ended" && unit.startedSeq !== undefined);
    if (!begun) refuse("its gate was opened before it was started");
    else if (!same(incarnation, unit.incarnation)) {
      refuse(`its gate was opened by ${say(incarnation)}, but ${say(unit.incarnation)} had been started`);
    } else if (unit.phase === "ended" && level !== "completed") {
      refuse("its gate was opened although it had ended");
    } else if ((unit.kind === "task") !== (level === "completed") && unit.kind !== undefined) {
      refuse(`the level ${level} proves nothing for a ${unit.kind}`);
    }
    unit.gateSeq = event.seq;
  }

  #readReady(event: Event<"run.ready">): void {
    if (this.#failed) this.#report("failure", event, null, "the run was called ready after it had failed");
    for (const { service } of this.#begun?.steps ?? []) {
      const unit = this.#unit(service);
      if (unit.gateSeq === undefined) {
        this.#report("ready", event, service, "the run was called ready before its gate had opened");
      } else if (unit.kind === "service" && unit.phase === "ended") {
        this.#report("ready", event, service, "the run was called ready although it had ended");
      }
    }
    this.#ready = true;
  }

  #readEnd(event: Event<"run.stopped">): void {
    this.#stopped = true;
    for (const [service, { phase, kind }] of this.#units) {
      if (phase === "running" && kind !== "task") {
        this.#report("end", event, service, "the run was called stopped before it had ended");
      }
    }
  }

  #refuseAfterTheEnd(event: RunEvent, service: string, what: string): void {
    if (this.#failed) this.#report("failure", event, service, `${what} after the run had failed`);
    if (this.#stopped) this.#report("end", event, service, `${what} after the run had been stopped`);
  }

  #unit(service: string): UnitState {
    const known = this.#units.get(service);
    if (known !== undefined) return known;
    const unit: UnitState = {
      phase: "idle",
      kind: undefined,
      incarnation: undefined,
      startedSeq: undefined,
      gateSeq: undefined,
    };
    this.#units.set(service, unit);
    return unit;
  }

  #report(rule: Rule, { seq }: RunEvent, service: string | null, text: string): void {
    this.violations.push({ rule, seq, service, text });
  }
}

/** What changes something; a note or an allotted port may come before the introduction. */
function isAct({ type }: RunEvent): boolean {
  return /^(start\.|gate\.|service\.|run\.ready)/.test(type);
}

function nothingPlanned({ seq, atMs, time }: RunEvent): Event<"run.started"> {
  const unknown = { run: "", stack: "", name: "", runtime: "process", runtimeDescription: "" } as const;
  return { seq, atMs, time, type: "run.started", ...unknown, order: "sequential", deadlineMs: 0, steps: [] };
}

function same(a: Incarnation, b: Incarnation | undefined): boolean {
  return a.id === b?.id && a.startTime === b.startTime;
}

function say(incarnation: Incarnation | null | undefined): string {
  return incarnation ? `${incarnation.id} (started ${incarnation.startTime})` : "nobody";
}
