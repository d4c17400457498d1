import type { EventSink, RunEvent } from "../journal/events.ts";
import type { Exit, Incarnation, InstanceRecord, PublishedPort, RuntimeKind } from "../runtime/types.ts";
import type { ServiceScopes } from "../scope/service-scopes.ts";
import type { Level, Order, StopPolicy } from "../stack/types.ts";
import type { Owner } from "../util/owner.ts";

export interface UpOptions {
  /** @default "auto" */
  readonly runtime?: RuntimeKind | "auto";
  /** @default the stack's own, else "sequential" */
  readonly order?: Order;
  /** "free": every port is any free one. @default "fixed": as the definition says. */
  readonly ports?: "fixed" | "free";
  /** One deadline for the whole start, in milliseconds. @default the stack's own, else 120000 */
  readonly timeoutMs?: number;
  /** Name of the run, for several runs of one stack. @default the stack's name */
  readonly name?: string;
  /** Only these services and what they need. @default all */
  readonly services?: readonly string[];
  /** Leave a failed stack up for a look. @default false */
  readonly keepOnFailure?: boolean;
  /** The run outlives this process (`rollcall up`); else it ends with its last user. @default false */
  readonly stay?: boolean;
  /** A service's end while the run is used: "fail" makes `run.failed` reject, "report" only tells. @default "fail" */
  readonly onExit?: "fail" | "report";
  /** Aborting ends the start and removes what was started. */
  readonly signal?: AbortSignal;
  /** Aborting it, after `signal`, ends what is still being stopped at once ("twice Ctrl-C"). */
  readonly now?: AbortSignal;
  /** Every event as it happens. */
  readonly onEvent?: EventSink;
}

/** A stack that is up. */
export interface Run<Services extends string = string, Exports extends string = string>
  extends AsyncDisposable {
  readonly id: string;
  readonly stack: string;
  readonly name: string;
  readonly runtime: RuntimeKind;
  /** Folder with journal and logs. */
  readonly dir: string;
  /** Whether it was up already, and every gate has been proven again. */
  readonly attached: boolean;
  /** What the stack exports, for the environment of tests. */
  readonly env: Readonly<Record<Exports, string>>;
  service(name: Services): RunService;
  status(): Promise<Status>;
  /** Events from the first on, then as they happen, until the run ends. */
  events(): AsyncIterable<RunEvent>;
  /** Rejects with SERVICE_DIED as soon as a service ends while the run is used; never resolves before `down`. */
  readonly failed: Promise<never>;
  /**
   * Ends this user's use of the run: the last one out takes it down, unless it was there before or is to stay.
   * Idempotent; throws STOP_FAILED naming what could not be removed.
   */
  down(): Promise<void>;
}

export interface RunService extends ServiceScopes {
  readonly name: string;
  /** Always 127.0.0.1. */
  readonly host: string;
  /** Host port of the first port. */
  readonly port: number;
  /** URL of a port; the first by default. */
  url(port?: string): string;
  address(port?: string): { readonly host: string; readonly port: number };
  /** The last lines of its log, secrets masked. @default 100 lines */
  logs(options?: { readonly tail?: number }): Promise<string>;
  exec(argv: readonly string[]): Promise<{ readonly exitCode: number; readonly output: string }>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** SIGKILL, as a crash would; does not count as a failure of the run. */
  kill(): Promise<Exit>;
  /** Stops and starts it again on the same ports and data, and proves its gate. */
  restart(): Promise<void>;
}

export type RunState = "starting" | "ready" | "stopping" | "failed" | "stopped";
export type UnitState = "waiting" | "starting" | "ready" | "completed" | "exited" | "failed" | "stopped";

/** `rollcall status --json`. */
export interface Status {
  readonly stack: string;
  readonly run: string;
  readonly name: string;
  readonly runtime: RuntimeKind;
  readonly order: Order;
  readonly state: RunState;
  readonly startedAt: string;
  readonly readyMs: number | null;
  readonly services: readonly UnitStatus[];
  readonly env: Readonly<Record<string, string>>;
}

export interface UnitStatus {
  readonly name: string;
  readonly kind: "service" | "task";
  readonly state: UnitState;
  readonly level: Level | "completed" | null;
  readonly observed: string | null;
  readonly ports: Readonly<
    Record<string, { readonly host: string; readonly port: number; readonly url: string }>
  >;
  readonly startMs: number | null;
  readonly readyMs: number | null;
  readonly pid?: number;
  readonly container?: string;
  readonly log: string;
}

/** `run.json` in the run's folder: all that another command needs to find, prove or remove the run. */
export interface RunRecord {
  readonly version: 1;
  readonly run: string;
  readonly stack: string;
  readonly name: string;
  /** SHA-256 over the validated stack and what it refers to: "the same definition". */
  readonly definition: string;
  readonly runtime: RuntimeKind;
  /** Which engine it is on: other commands may be told of another one by their environment. */
  readonly engine?: string;
  readonly order: Order;
  readonly ports: "fixed" | "free";
  readonly state: RunState;
  /** It outlives its users. */
  readonly stay: boolean;
  readonly owner: Owner;
  /** Who uses it now; the dead among them do not count. */
  readonly users: readonly RunUser[];
  /** The stack's folder: with the name, what a run is found by. */
  readonly stackDir: string;
  readonly startedAt: string;
  readonly readyMs: number | null;
  readonly tempDir: string;
  readonly units: readonly UnitRecord[];
  readonly env: Readonly<Record<string, string>>;
}

export interface UnitRecord {
  readonly name: string;
  readonly kind: "service" | "task";
  readonly state: UnitState;
  readonly ports: readonly PublishedPort[];
  readonly urls: Readonly<Record<string, string>>;
  readonly instance: InstanceRecord | null;
  readonly level: Level | "completed" | null;
  readonly observed: string | null;
  readonly startMs: number | null;
  readonly readyMs: number | null;
  readonly log: string;
  /** How it is stopped, by whoever does it: the definition may have changed since. */
  readonly stop: StopPolicy;
  /** What it depends on: it is stopped before them. */
  readonly after: readonly string[];
  /** It may also end with exit code 0. */
  readonly mayComplete?: boolean;
  /** What a user of the run ends on purpose: its end is no failure, and whoever ends it tells it. */
  readonly ending?: Incarnation;
}

export interface RunUser {
  /** One process may use a run twice. */
  readonly id: string;
  readonly owner: Owner;
}

export type { Owner };
