import type { ErrorCode } from "./table.ts";

/** All that is known of a failure. Texts are masked and safe to show. */
export interface Signs {
  readonly code: ErrorCode;
  readonly message: string;
  readonly observed: string | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly oomKilled: boolean;
  /** The last lines. */
  readonly log: readonly string[];
  /** What it was expected to listen on: inside, and on 127.0.0.1. */
  readonly ports: readonly { readonly inside: number; readonly host: number }[];
  /** The units that it needs. */
  readonly needs: readonly string[];
}

/** The values for the gaps of a guess's texts; undefined: it does not fit. */
export type Found = Readonly<Record<string, string>> | undefined;

/** A known way to fail: `{gaps}` of its texts are filled with what was found. */
export interface Guess {
  readonly id: string;
  /** For the documentation: what speaks for it. */
  readonly sign: string;
  readonly cause: string;
  readonly cure: string;
  readonly find: (signs: Signs) => Found;
}

export const refused = /ECONNREFUSED|connection refused|connect: refused|could not connect to server/i;

/** Looks for a pattern in everything that was said, the newest line first; named groups become the values. */
export function said(pattern: RegExp, { observed, message, log }: Signs): Found {
  for (const text of [observed ?? "", message, ...log.toReversed()]) {
    const match = pattern.exec(text);
    if (match !== null) return { said: match[0], ...match.groups };
  }
  return undefined;
}

/** The same in the log alone. */
export function logged(pattern: RegExp, signs: Signs): Found {
  return said(pattern, { ...signs, observed: null, message: "" });
}

/** The same in the last observation alone. */
export function seen(pattern: RegExp, signs: Signs): Found {
  return said(pattern, { ...signs, message: "", log: [] });
}

const listening = [
  /\blisten\w*\b.*?[:\s]port[=: ]+(\d{2,5})\b/i,
  /\blisten\w*\b.*:(\d{2,5})\b/i,
  /\blisten\w*\s+(?:on|at)\s+(\d{2,5})$/i,
  /\b(?:running|serving|started|server)\b.*?\b(?:on|at|port)\b.*?[:\s](\d{2,5})\b/i,
];

/** The port that a log says it listens on; only where it says so once and clearly. */
export function portInLog(log: readonly string[]): number | undefined {
  for (const line of log.toReversed()) {
    if (!/listen|serving|running on|started/i.test(line)) continue;
    for (const pattern of listening) {
      const port = Number(pattern.exec(line)?.[1]);
      if (port > 0 && port < 65_536) return port;
    }
  }
  return undefined;
}
