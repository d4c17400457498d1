import pg from "pg";

export type FailureKind =
  /** The server is away, refuses, or did not answer in time: the outcome of the statement is unknown. */
  | "unavailable"
  /** PostgreSQL will never take these values. */
  | "data"
  | "partition-missing"
  | "unique"
  | "other";

/** A statement that failed; `message` is the driver's or the server's. */
export class DatabaseFailure extends Error {
  override readonly name = "DatabaseFailure";
  readonly kind: FailureKind;
  /** Name of the violated constraint, or "". */
  readonly constraint: string;

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message || String(cause) : String(cause), { cause });
    this.kind = kindOf(cause);
    this.constraint = cause instanceof pg.DatabaseError ? (cause.constraint ?? "") : "";
  }
}

/**
 * Classes of SQLSTATE are those of PostgreSQL's appendix A: 22, 23 and 54 are about the data, 08, 53, 57 and 58 about
 * the server; whatever carries no SQLSTATE is a broken or refused connection or a time limit of the client.
 */
function kindOf(cause: unknown): FailureKind {
  if (!(cause instanceof pg.DatabaseError) || cause.code === undefined) return "unavailable";
  if (cause.code === "23505") return "unique";
  if (cause.code === "23514" && cause.constraint === undefined) return "partition-missing";
  const sqlClass = cause.code.slice(0, 2);
  if (["22", "23", "54"].includes(sqlClass)) return "data";
  return ["08", "25", "28", "3D", "53", "55", "57", "58", "XX"].includes(sqlClass) ? "unavailable" : "other";
}
