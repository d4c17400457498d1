import type { Address, ExecResult } from "../probe/types.ts";
import type { Stack, StopPolicy, Template, Unit } from "../stack/types.ts";
import type { Json } from "../util/json.ts";
import type { Owner } from "../util/owner.ts";

export type RuntimeKind = "process" | "podman" | "docker";

/** Where services run. Paths, pids and container ids stay behind this seam, save in records and messages. */
export interface Runtime {
  readonly kind: RuntimeKind;
  /** For people: "Podman 4.3.1 (unix:///run/podman/podman.sock)". */
  readonly description: string;
  /** Where the same engine is found again; undefined: there is nothing to choose. */
  readonly address?: string;
  /** `inside`: peers meet under their names and container ports; `outside`: all on 127.0.0.1 and host ports. */
  readonly addressing: "inside" | "outside";
  /** What this runtime cannot do of a stack, by unit; nothing has been started yet. */
  refusals(stack: Stack): Promise<readonly Refusal[]>;
  /** The place of one run: a new one, or the one that its record names. Makes nothing yet. */
  open(run: RunIdentity): Place;
  /** Every run of which something is here that says whose it is, whoever made it. */
  marked(): Promise<readonly MarkedRun[]>;
  /** Releases connections. */
  close(): Promise<void>;
}

/** A run as the marks of its objects tell of it. */
export interface MarkedRun extends Omit<RunIdentity, "tempDir"> {
  /** The processes that made the objects. */
  readonly owners: readonly Owner[];
}

export interface Refusal {
  readonly unit: string;
  readonly text: string;
  readonly hint: string;
}

/** What marks everything that a run makes. */
export interface RunIdentity {
  /** Random, RFC 1123, never used again. */
  readonly id: string;
  readonly stack: string;
  /** `--name`; the stack's own name by default. */
  readonly name: string;
  /** The run's folder (0700), for logs and records. */
  readonly dir: string;
  /** A folder outside the project for data of services (created by the runtime when needed, removed by `remove`). */
  readonly tempDir: string;
}

export interface Place {
  /**
   * Brings what a unit needs before it can start (an image pulled or built, a binary found). May be called early and
   * for all units at once. Throws RollcallError.
   */
  prepare(
    unit: Unit,
    options: { readonly signal: AbortSignal; readonly progress: (text: string) => void },
  ): Promise<void>;
  /** Makes what the units share: network, volumes. Before the first `start`; again is harmless. */
  setUp(stack: Stack, options: { readonly signal: AbortSignal }): Promise<void>;
  /** Starts a unit and returns as soon as it runs (or has already exited). Throws RollcallError. */
  start(order: StartOrder, options: { readonly signal: AbortSignal }): Promise<Instance>;
  /** Takes up again what an earlier command started; undefined: it is gone. */
  adopt(record: InstanceRecord): Promise<Instance | undefined>;
  /** How it ended, where that is known without having watched; undefined: it runs, or nobody knows. */
  exitOf(record: InstanceRecord): Promise<Exit | undefined>;
  /** Whether what runs was made from what the unit's sources are now. */
  isCurrent(unit: Unit, record: InstanceRecord): Promise<boolean>;
  /** Waits for what has been asked for and is not there yet; once `signal` is aborted, `audit` names what still is not. */
  settled(options: { readonly signal: AbortSignal }): Promise<void>;
  /**
   * Ends and removes everything that carries this run's mark, recorded or not: stray processes, containers, networks,
   * volumes, temporary folders. Idempotent. Says what is left.
   */
  remove(options: { readonly signal: AbortSignal }): Promise<readonly Leftover[]>;
  /** Everything that carries this run's mark, or is on its way. */
  audit(): Promise<readonly Leftover[]>;
  /** Releases handles; removes nothing. */
  close(): Promise<void>;
}

export interface Leftover {
  readonly kind: "process" | "container" | "network" | "volume" | "folder" | "memory";
  /** "process 4711 (postgres: checkpointer)". */
  readonly text: string;
}

/** All addresses are known, all references resolved. */
export interface StartOrder {
  readonly unit: Unit;
  readonly env: Readonly<Record<string, string>>;
  readonly ports: readonly PublishedPort[];
  /** Joins a template for a reader in this place. */
  readonly resolve: (template: Template) => string;
  /** Where the output goes, both streams, as it comes; made by the runtime, mode 0600. */
  readonly logFile: string;
}

export interface PublishedPort {
  readonly name: string;
  readonly container: number;
  /** On 127.0.0.1. */
  readonly host: number;
}

/** Identity of what runs: a new one after every restart. */
export interface Incarnation {
  /** Container id, or pid as text. */
  readonly id: string;
  readonly pid: number | undefined;
  /** When it was started, as the kernel or engine tells it; compared as text only. */
  readonly startTime: string;
}

/** What is kept in the run's record to find an instance again. */
export interface InstanceRecord {
  readonly unit: string;
  readonly incarnation: Incarnation;
  /** The byte of the log at which this incarnation's output begins. @default 0 */
  readonly logFrom?: number;
  /** The runtime's own. */
  readonly detail: Json;
}

export interface Exit {
  /** null: ended by a signal, or nobody saw the code. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly oomKilled: boolean;
  /** Nobody can say how it ended, or whether: what the engine that went away said last. ENGINE_FAILED is the cause then. */
  readonly lost?: string;
}

/** One started unit. */
export interface Instance {
  readonly unit: string;
  readonly incarnation: Incarnation;
  readonly record: InstanceRecord;
  /** Settles once when it has ended, as an event and not by polling where the platform can; never rejects. */
  readonly exited: Promise<Exit>;
  address(port: string): Address | undefined;
  /**
   * Who else gets the connections to a port's address, for people; undefined: it does itself, or nobody can tell.
   * Absent: the runtime sees to it that nobody else does.
   */
  strangerOn?(port: string): Promise<string | undefined>;
  /** The incarnation that is alive now; undefined: none. */
  alive(): Promise<Incarnation | undefined>;
  exec(
    argv: readonly string[],
    options: {
      readonly signal: AbortSignal;
      readonly env?: Readonly<Record<string, string>>;
      /** The command's own streams are this process's; `output` stays empty. */
      readonly stdio?: "inherit";
    },
  ): Promise<ExecResult>;
  /** Stop signal → grace → SIGKILL, to all that belongs to it; resolves when all of it has ended. Idempotent. */
  stop(policy: StopPolicy): Promise<Exit>;
  kill(): Promise<Exit>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Data of the engine worth keeping for a post-mortem ("inspect"). */
  inspect(): Promise<Json>;
  /** Brings the log file up to what was written until now; absent: it always is. Never rejects. */
  catchUpLog?(): Promise<void>;
  /** Releases handles; the unit runs on. */
  close(): void;
}
