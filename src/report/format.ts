import { styleText } from "node:util";
import type { ErrorReport } from "../errors/report.ts";
import { errorTable } from "../errors/table.ts";
import { sayDuration } from "../util/say-duration.ts";

type Style = Parameters<typeof styleText>[0];

/** Colours a text, or leaves it alone. */
export type Paint = (style: Style, text: string) => string;

export const plainPaint: Paint = (_style, text) => text;
export const colourPaint: Paint = (style, text) => styleText(style, text, { validateStream: false });

/** How long something took. */
export const formatDuration = (ms: number): string => sayDuration(ms, true);

/** Cuts a text to a width and marks the cut. */
export function cut(text: string, width: number): string {
  const points = [...text];
  if (points.length <= width) return text;
  return width < 2 ? "…".slice(0, width) : `${points.slice(0, width - 1).join("")}…`;
}

/** Breaks a text at spaces; a word that is too long stays whole. */
export function wrap(text: string, width: number, indent: string): string {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ")) {
      if (line !== "" && indent.length + line.length + 1 + word.length > width) {
        lines.push(line);
        line = word;
      } else {
        line = line === "" ? word : `${line} ${word}`;
      }
    }
    lines.push(line);
  }
  return lines.map((line) => (line === "" ? "" : indent + line)).join("\n");
}

/** An error as people read it: what failed, what was seen, how it ended, its last words, what to do. */
export function formatError(report: ErrorReport, { paint, width }: { paint: Paint; width: number }): string {
  const lines = [paint(["red", "bold"], wrap(`✖ ${report.message}`, width, "").trimStart())];
  const fact = (name: string, text: string) =>
    lines.push(`  ${paint("dim", name.padEnd(10))} ${wrap(text, width, " ".repeat(13)).trimStart()}`);
  if (report.observed !== null) fact("last seen", report.observed);
  const end = formatEnd(report);
  if (end !== undefined) fact("ended", end);
  if (report.elapsedMs !== null) fact("after", formatElapsed(report));
  if (report.logTail.length > 0) {
    fact("log", `last ${report.logTail.length === 1 ? "line" : `${report.logTail.length} lines`}`);
    for (const line of report.logTail) lines.push(`    ${paint("dim", "│")} ${line}`);
  }
  if (report.notStarted.length > 0) fact("not begun", report.notStarted.join(", "));
  fact("to do", report.hint);
  fact("code", `${report.code} (exit ${errorTable[report.code].exit})`);
  return lines.join("\n");
}

function formatEnd(report: ErrorReport): string | undefined {
  if (report.oomKilled) return "killed, out of memory";
  if (report.signal !== null) return `killed by ${report.signal}`;
  return report.exitCode === null ? undefined : `exit code ${report.exitCode}`;
}

function formatElapsed(report: ErrorReport): string {
  const looks =
    report.attempts === null ? "" : `, ${report.attempts} ${report.attempts === 1 ? "look" : "looks"}`;
  return `${formatDuration(report.elapsedMs ?? 0)}${looks}`;
}
