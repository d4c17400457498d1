import type { RunEvent } from "../journal/events.ts";
import { cut, formatDuration, type Paint } from "./format.ts";

export interface LineOptions {
  readonly paint: Paint;
  readonly width: number;
  /** Width of the column of names. */
  readonly nameWidth: number;
}

/** One line for what a reader of a log wants to know; undefined: nothing to say. */
export function eventLine(event: RunEvent, options: LineOptions): string | undefined {
  const { paint } = options;
  switch (event.type) {
    case "run.started":
      return paint("bold", `${event.name} on ${event.runtimeDescription}`);
    case "note":
      return paint("yellow", `! ${event.text}`);
    case "prepare.progress":
      return row(options, paint("dim", "·"), event.service, event.text, "");
    case "gate.opened":
      return row(options, paint("green", "✔"), event.service, event.observed, formatDuration(event.tookMs));
    case "service.exited":
      return event.expected
        ? undefined
        : row(options, paint("red", "✖"), event.service, exitText(event.exit), "");
    case "service.notStarted":
      return row(options, paint("dim", "-"), event.service, `not started: ${event.because}`, "");
    case "run.ready":
      return paint("green", `ready in ${formatDuration(event.tookMs)}`);
    case "run.stopping":
      return `stopping: ${event.because}`;
    case "stop.done":
      return row(
        options,
        paint("dim", "■"),
        event.service,
        `stopped (${exitText(event.exit)})`,
        formatDuration(event.tookMs),
      );
    case "audit":
      return event.leftovers.length === 0 ? undefined : paint("red", `left: ${event.leftovers.join("; ")}`);
    case "run.stopped":
      return `stopped in ${formatDuration(event.tookMs)}, nothing is left`;
    default:
      return undefined;
  }
}

function exitText(exit: { exitCode: number | null; signal: string | null; oomKilled: boolean }): string {
  if (exit.oomKilled) return "killed, out of memory";
  if (exit.signal !== null) return `by ${exit.signal}`;
  return exit.exitCode === null ? "ended" : `exit code ${exit.exitCode}`;
}

function row(options: LineOptions, mark: string, name: string, text: string, end: string): string {
  const room = options.width - options.nameWidth - 6 - (end === "" ? 0 : end.length + 2);
  const body = cut(text, Math.max(10, room));
  const gap = end === "" ? "" : " ".repeat(Math.max(2, room - [...body].length + 2));
  return `  ${mark} ${name.padEnd(options.nameWidth)}  ${body}${gap}${options.paint("dim", end)}`;
}
