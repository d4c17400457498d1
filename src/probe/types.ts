import type { Exit, Incarnation } from "../runtime/types.ts";
import type { Level } from "../stack/types.ts";

/**
 * What one look saw.
 * - `ready`: proof.
 * - `not-yet`: waiting may help.
 * - `wrong`: it answers, and waiting is not likely to help: a refused password, a missing database.
 */
export type Look =
  | { readonly verdict: "ready"; readonly level: Level; readonly observed: string }
  | { readonly verdict: "not-yet" | "wrong"; readonly observed: string };

/** Looks once and says what it saw; it never waits for a change and never throws, save for an aborted signal. */
export interface Probe {
  /** For messages: "GET /health on port http". */
  readonly describe: string;
  /** Longest time of one look, in milliseconds. */
  readonly lookLimitMs: number;
  /**
   * A look that is given up doubles the next one's limit, up to this, in milliseconds: a slow answer is an answer.
   *
   * @default lookLimitMs
   */
  readonly patientLimitMs?: number;
  /** Looks are at least this far apart, in milliseconds. */
  readonly leastIntervalMs: number;
  look(options: { readonly signal: AbortSignal }): Promise<Look>;
}

/** What a probe may touch of the service it looks at. */
export interface ProbeTarget {
  /** The address that clients on this machine use; undefined: the port is not published. */
  address(port: string | undefined): Address | undefined;
  /** Who else answers there, for people: what it says proves nothing. undefined: nobody that can be seen. */
  strangerOn?(port: string | undefined): Promise<string | undefined>;
  /** Runs a command in the service's place. */
  exec(argv: readonly string[], options: { readonly signal: AbortSignal }): Promise<ExecResult>;
  /** What this start has written to the log so far, from the given byte on. */
  readLog(fromByte: number): Promise<Buffer>;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface ExecResult {
  readonly exitCode: number;
  /** Both streams, at most 64 KiB, the end kept. */
  readonly output: string;
}

/** How a wait for readiness ended. */
export type Outcome =
  | {
      readonly kind: "ready";
      readonly level: Level;
      readonly observed: string;
      readonly incarnation: Incarnation;
      readonly attempts: number;
    }
  /** What was waited for has ended. */
  | {
      readonly kind: "exited";
      readonly exit: Exit;
      readonly lastObserved: string | undefined;
      readonly attempts: number;
    }
  /** It answered wrongly for so long that waiting is pointless. */
  | { readonly kind: "wrong"; readonly lastObserved: string; readonly attempts: number }
  | { readonly kind: "budget"; readonly lastObserved: string | undefined; readonly attempts: number }
  | {
      readonly kind: "aborted";
      readonly reason: unknown;
      readonly lastObserved: string | undefined;
      readonly attempts: number;
    };
