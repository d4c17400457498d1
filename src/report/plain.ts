import type { RunEvent } from "../journal/events.ts";
import { eventLine, type LineOptions } from "./lines.ts";
import type { Output, Reporter } from "./reporter.ts";

export interface ReporterOptions extends Omit<LineOptions, "nameWidth"> {
  readonly output: Output;
}

/** One line an event, as it happens: for logs and pipes. */
export function createPlainReporter({ output, paint, width }: ReporterOptions): Reporter {
  let nameWidth = 8;
  return {
    on(event) {
      nameWidth = widthFor(event, nameWidth);
      const line = eventLine(event, { paint, width, nameWidth });
      if (line !== undefined) output.write(`${line}\n`);
    },
    end() {},
  };
}

/** The column of names is as wide as the longest that is known. */
export function widthFor(event: RunEvent, before: number): number {
  const names =
    event.type === "run.started"
      ? event.steps.map((step) => step.service)
      : "service" in event
        ? [event.service]
        : [];
  return Math.min(24, Math.max(before, ...names.map((name) => name.length)));
}
