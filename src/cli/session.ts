import { asRollcallError, RollcallError } from "../errors/rollcall-error.ts";
import { errorTable } from "../errors/table.ts";
import { colourPaint, formatError, plainPaint } from "../report/format.ts";
import {
  createReporter,
  type ProgressMode,
  type Reporter,
  wantsColours,
  widthOf,
} from "../report/reporter.ts";
import { visible } from "../util/visible.ts";

/** What every command has at hand: the streams, the way in which errors are told, and the signals. */
export interface Session {
  readonly json: boolean;
  readonly reporter: Reporter;
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP: end gracefully. */
  readonly signal: AbortSignal;
  /** Aborted by the second: end now. */
  readonly now: AbortSignal;
  print(text: string): void;
  printJson(value: unknown): void;
  warn(text: string): void;
}

export interface SessionOptions {
  readonly json?: boolean;
  readonly progress?: ProgressMode;
}

/** Runs a command's body, tells its error if it has one, and sets the exit code. */
export async function runCommand(
  options: SessionOptions,
  body: (session: Session) => Promise<number>,
): Promise<void> {
  const interrupts = watchInterrupts();
  // Progress goes to stderr: stdout holds only what was asked for.
  const reporter = createReporter(options.progress ?? "auto", process.stderr, process.env);
  const session: Session = {
    json: options.json === true,
    reporter,
    signal: interrupts.first,
    now: interrupts.second,
    print: (text) => process.stdout.write(`${text}\n`),
    printJson: (value) => process.stdout.write(`${JSON.stringify(value, null, 2)}\n`),
    warn: (text) => process.stderr.write(`${visible(text)}\n`),
  };
  try {
    process.exitCode = await body(session);
  } catch (thrown) {
    reporter.end();
    process.exitCode = tellError(asRollcallError(thrown), session.json);
  } finally {
    reporter.end();
    interrupts.stop();
  }
}

/** Tells an error on stderr, or as the one JSON document on stdout; the exit code that belongs to it. */
export function tellError(error: RollcallError, json: boolean): number {
  if (json) process.stdout.write(`${JSON.stringify({ error: error.report }, null, 2)}\n`);
  else {
    const paint = wantsColours(process.stderr, process.env) ? colourPaint : plainPaint;
    process.stderr.write(`${formatError(error.report, { paint, width: widthOf(process.stderr) })}\n`);
    if (error.code === "INTERNAL" && error.cause instanceof Error)
      process.stderr.write(`${visible(error.cause.stack ?? "")}\n`);
  }
  return errorTable[error.code].exit;
}

function watchInterrupts(): { first: AbortSignal; second: AbortSignal; stop(): void } {
  const first = new AbortController();
  const second = new AbortController();
  const onSignal = (name: NodeJS.Signals) => {
    if (first.signal.aborted) {
      process.stderr.write("\nending now\n");
      second.abort(new RollcallError("INTERRUPTED"));
      return;
    }
    const code = name === "SIGINT" ? "INTERRUPTED" : "TERMINATED";
    process.stderr.write(
      `\n${name === "SIGINT" ? "interrupted" : `got ${name}`}: ending; once more ends at once\n`,
    );
    first.abort(new RollcallError(code));
  };
  const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const name of names) process.on(name, onSignal);
  // A reader that went away (`| head`) or a closed terminal is no reason to leave a stack behind.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", ignoreClosed);
  return {
    first: first.signal,
    second: second.signal,
    stop() {
      for (const name of names) process.off(name, onSignal);
    },
  };
}

function ignoreClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
}
