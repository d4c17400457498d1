import { isShortage } from "../util/system-error.ts";
import { visible } from "../util/visible.ts";
import { type ErrorReport, mapTexts } from "./report.ts";
import { type ErrorCode, errorTable } from "./table.ts";

export interface ErrorDetails extends Partial<Omit<ErrorReport, "code" | "message">> {
  /** One sentence with the particulars; the table's sentence by default. */
  readonly message?: string;
  readonly cause?: unknown;
}

const nothingKnown = {
  service: null,
  observed: null,
  exitCode: null,
  signal: null,
  oomKilled: false,
  elapsedMs: null,
  attempts: null,
  logTail: [],
  notStarted: [],
};

/** The one error class: everything that rollcall throws on purpose. Its texts are safe to show, whoever wrote them. */
export class RollcallError extends Error {
  override readonly name = "RollcallError";
  readonly code: ErrorCode;
  readonly report: ErrorReport;

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    const { message = errorTable[code].sentence, cause, ...rest } = details;
    const { cure: hint } = errorTable[code];
    const report = mapTexts({ code, message, ...nothingKnown, hint, ...rest }, visible);
    super(report.message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.report = report;
  }

  get service(): string | null {
    return this.report.service;
  }

  get hint(): string {
    return this.report.hint;
  }
}

function shortage(text: string, cause: unknown): RollcallError {
  return new RollcallError("INTERNAL", {
    message: `The machine could not do what it was asked for: ${text}.`,
    hint: "Nothing was taken for ended or gone because of it. Raise the limit (`ulimit -n` for open files), or close programs, and try again.",
    cause,
  });
}

/** Whatever was thrown, as a RollcallError; a stranger becomes INTERNAL. */
export function asRollcallError(thrown: unknown): RollcallError {
  if (thrown instanceof RollcallError) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  if (isShortage(thrown)) return shortage(text, thrown);
  return new RollcallError("INTERNAL", { message: `Internal error: ${text}`, cause: thrown });
}
