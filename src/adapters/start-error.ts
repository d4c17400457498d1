import { asRollcallError } from "../errors/rollcall-error.ts";
import { formatError, plainPaint } from "../report/format.ts";

const width = 100;

/** A start that failed, as a test runner shows it: the whole report is the message, and there is nothing else to print. */
export class StartError extends Error {
  override readonly name = "StartError";

  constructor(thrown: unknown) {
    const error = asRollcallError(thrown);
    super(formatError(error.report, { paint: plainPaint, width }));
    // Where rollcall noticed it says nothing about the cause, unless the mistake is its own.
    const origin = error.code === "INTERNAL" && error.cause instanceof Error ? `\n${error.cause.stack}` : "";
    this.stack = `${this.name}: ${this.message}${origin}`;
  }
}
