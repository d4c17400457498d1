import type { ErrorReport } from "../errors/report.ts";
import { asRollcallError } from "../errors/rollcall-error.ts";
import { formatError, plainPaint } from "../report/format.ts";

/** A start that failed, as a test runner shows it: the whole report is the message, and there is no stack to print. */
export interface StartError extends Error {
  readonly report: ErrorReport;
}

const width = 100;

export function startError(thrown: unknown): StartError {
  const error = asRollcallError(thrown);
  const shown = new Error(formatError(error.report, { paint: plainPaint, width }));
  shown.name = "RollcallError";
  // Where rollcall noticed it says nothing about the cause, unless the mistake is its own.
  const origin = error.cause instanceof Error ? error.cause.stack : undefined;
  shown.stack = `${shown.name}: ${shown.message}${error.code === "INTERNAL" && origin ? `\n${origin}` : ""}`;
  // Runners print an error's own properties: the report is not to be seen twice.
  return Object.defineProperty(shown, "report", { value: error.report }) as StartError;
}
