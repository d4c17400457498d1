import type { ErrorCode } from "./table.ts";

/** An error as data: what the journal, `--json` and reporters show. Secrets are already masked. */
export interface ErrorReport {
  readonly code: ErrorCode;
  readonly service: string | null;
  readonly message: string;
  readonly hint: string;
  /** The last thing that a probe saw. */
  readonly observed: string | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly oomKilled: boolean;
  readonly elapsedMs: number | null;
  readonly attempts: number | null;
  readonly logTail: readonly string[];
  /** Units that were not started because of it. */
  readonly notStarted: readonly string[];
}

/** The same report with everything in it that may be foreign text changed. */
export function mapTexts(report: ErrorReport, change: (text: string) => string): ErrorReport {
  const { message, hint, observed, logTail } = report;
  return {
    ...report,
    message: change(message),
    hint: change(hint),
    observed: observed === null ? null : change(observed),
    logTail: logTail.map(change),
  };
}
