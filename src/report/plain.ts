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
      if (event.type === "run.started") nameWidth = longestName(event.steps);
      const line = eventLine(event, { paint, width, nameWidth });
      if (line !== undefined) output.write(`${line}\n`);
    },
    end() {},
  };
}

export function longestName(steps: readonly { readonly service: string }[]): number {
  return Math.min(24, Math.max(4, ...steps.map((step) => step.service.length)));
}
