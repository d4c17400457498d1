/** Everything that can happen in a run. Every output (terminal, plain, JSON, timeline) only reads these. */

import type { ErrorReport } from "../errors/report.ts";
import type { Exit, Incarnation, RuntimeKind } from "../runtime/types.ts";
import type { Level, Order } from "../stack/types.ts";

export interface Stamp {
  /** From 1, without gaps. */
  readonly seq: number;
  /** Milliseconds since the run began, monotonic. */
  readonly atMs: number;
  /** Wall clock, RFC 3339. */
  readonly time: string;
}

export type RunEvent = Stamp & EventBody;

export type EventBody =
  | {
      readonly type: "run.started";
      readonly run: string;
      readonly stack: string;
      readonly name: string;
      readonly runtime: RuntimeKind;
      readonly runtimeDescription: string;
      readonly order: Order;
      readonly deadlineMs: number;
      readonly steps: readonly {
        readonly service: string;
        readonly kind: "service" | "task";
        /** The service may also end with exit code 0. */
        readonly mayComplete?: boolean;
        readonly after: readonly string[];
      }[];
    }
  | { readonly type: "note"; readonly text: string }
  | {
      readonly type: "ports.allotted";
      readonly ports: readonly { readonly service: string; readonly port: string; readonly host: number }[];
    }
  | { readonly type: "prepare.started"; readonly service: string }
  | { readonly type: "prepare.progress"; readonly service: string; readonly text: string }
  | { readonly type: "prepare.done"; readonly service: string; readonly tookMs: number }
  /** Why the start may be requested now. */
  | {
      readonly type: "start.requested";
      readonly service: string;
      readonly because: readonly {
        readonly service: string;
        readonly gateSeq: number;
        readonly incarnation: Incarnation | null;
      }[];
    }
  | {
      readonly type: "start.done";
      readonly service: string;
      readonly incarnation: Incarnation;
      readonly tookMs: number;
    }
  /** Only when what is seen changes. */
  | {
      readonly type: "probe.observed";
      readonly service: string;
      readonly observed: string;
      readonly attempt: number;
    }
  | {
      readonly type: "gate.opened";
      readonly service: string;
      readonly level: Level | "completed";
      readonly observed: string;
      readonly incarnation: Incarnation;
      readonly attempts: number;
      /** From the request to start. */
      readonly tookMs: number;
    }
  | {
      readonly type: "service.exited";
      readonly service: string;
      readonly exit: Exit;
      readonly expected: boolean;
    }
  | { readonly type: "service.failed"; readonly service: string; readonly error: ErrorReport }
  | { readonly type: "service.notStarted"; readonly service: string; readonly because: string }
  | { readonly type: "run.ready"; readonly tookMs: number }
  | { readonly type: "run.attached"; readonly pid: number }
  | { readonly type: "run.failed"; readonly error: ErrorReport; readonly kept: boolean }
  | {
      readonly type: "stop.requested";
      readonly service: string;
      readonly signal: string;
      readonly graceMs: number;
    }
  | { readonly type: "stop.done"; readonly service: string; readonly exit: Exit; readonly tookMs: number }
  | { readonly type: "run.stopping"; readonly because: string }
  | { readonly type: "audit"; readonly leftovers: readonly string[] }
  | { readonly type: "run.stopped"; readonly tookMs: number };

/** Takes events as they happen; must not throw. */
export type EventSink = (event: RunEvent) => void;
