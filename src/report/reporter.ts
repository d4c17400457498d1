import type { RunEvent } from "../journal/events.ts";
import { colourPaint, plainPaint } from "./format.ts";
import { createGithubReporter } from "./github.ts";
import { createPlainReporter } from "./plain.ts";
import { createTtyReporter } from "./tty.ts";

/** A pure reader of events. */
export interface Reporter {
  on(event: RunEvent): void;
  /** Takes away what is only for the moment (a spinner); nothing more is printed. */
  end(): void;
}

export const progressModes = ["auto", "tty", "plain", "json", "quiet"] as const;
export type ProgressMode = (typeof progressModes)[number];

/** Where a reporter writes. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** `auto`: a terminal gets the live view, GitHub Actions its groups, everything else one line an event. */
export function createReporter(mode: ProgressMode, output: Output, env: NodeJS.ProcessEnv): Reporter {
  const colours = wantsColours(output, env);
  const options = { output, paint: colours ? colourPaint : plainPaint, width: widthOf(output) };
  switch (mode) {
    case "quiet":
      return { on: () => {}, end: () => {} };
    case "json":
      return { on: (event) => output.write(`${JSON.stringify(event)}\n`), end: () => {} };
    case "plain":
      return createPlainReporter(options);
    case "tty":
      return createTtyReporter(options);
    case "auto":
      if (env["GITHUB_ACTIONS"] === "true") return createGithubReporter(options);
      return output.isTTY === true && env["CI"] === undefined
        ? createTtyReporter(options)
        : createPlainReporter(options);
  }
}

/** The width of a terminal; 80 columns where there is none. */
export function widthOf(output: Output): number {
  return Math.max(40, output.columns || 80);
}

/** NO_COLOR and FORCE_COLOR as their conventions say; else only on a terminal. */
export function wantsColours(output: Output, env: NodeJS.ProcessEnv): boolean {
  if (env["NO_COLOR"] !== undefined && env["NO_COLOR"] !== "") return false;
  if (env["FORCE_COLOR"] !== undefined && env["FORCE_COLOR"] !== "0") return true;
  return output.isTTY === true && env["TERM"] !== "dumb";
}
