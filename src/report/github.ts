import { appendFileSync } from "node:fs";
import type { ErrorReport } from "../errors/report.ts";
import type { RunEvent } from "../journal/events.ts";
import { formatDuration } from "./format.ts";
import { createPlainReporter, type ReporterOptions } from "./plain.ts";
import type { Reporter } from "./reporter.ts";

/** GitHub Actions: the start in a group, a failure as an annotation, both in the job's summary. */
export function createGithubReporter(options: ReporterOptions): Reporter {
  const plain = createPlainReporter(options);
  const gates: Extract<RunEvent, { type: "gate.opened" }>[] = [];
  let open = false;
  const close = () => {
    if (open) options.output.write("::endgroup::\n");
    open = false;
  };
  return {
    on(event) {
      if (event.type === "run.started") {
        options.output.write(`::group::rollcall: ${escapeProperty(event.name)}\n`);
        open = true;
      }
      plain.on(event);
      if (event.type === "gate.opened") gates.push(event);
      if (event.type === "run.ready") {
        close();
        writeSummary(readySummary(gates, event.tookMs));
      }
      if (event.type === "run.failed") {
        close();
        options.output.write(annotation(event.error));
        writeSummary(failedSummary(event.error));
      }
    },
    end: close,
  };
}

function annotation(error: ErrorReport): string {
  const body = [
    error.message,
    error.observed === null ? "" : `last seen: ${error.observed}`,
    ...error.logTail,
    error.hint,
  ];
  return `::error title=${escapeProperty(`rollcall: ${error.code}`)}::${escapeData(body.filter((line) => line !== "").join("\n"))}\n`;
}

function readySummary(gates: readonly Extract<RunEvent, { type: "gate.opened" }>[], tookMs: number): string {
  const rows = gates.map(
    (gate) =>
      `| ${cell(gate.service)} | ${gate.level} | ${cell(gate.observed)} | ${formatDuration(gate.tookMs)} |`,
  );
  return [
    "",
    `### rollcall: ready in ${formatDuration(tookMs)}`,
    "",
    "| service | level | seen | took |",
    "|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

function failedSummary(error: ErrorReport): string {
  const fence = "````";
  return [
    "",
    `### rollcall: ${error.code}`,
    "",
    cell(error.message),
    "",
    fence,
    ...error.logTail,
    fence,
    "",
    cell(error.hint),
    "",
  ].join("\n");
}

/** The summary is a comfort: where it cannot be written, the run goes on. */
function writeSummary(text: string): void {
  const file = process.env["GITHUB_STEP_SUMMARY"];
  if (file === undefined || file === "") return;
  try {
    appendFileSync(file, text);
  } catch {}
}

const cell = (text: string) =>
  text
    .replace(/\|/g, "\\|")
    .replace(/[\r\n]+/g, " ")
    .replace(/</g, "&lt;");
// https://docs.github.com/actions: workflow commands escape %, CR and LF, properties also : and ,
export const escapeData = (text: string) =>
  text.replace(/%/g, "%25").replace(/\r/g, "%0D").replace(/\n/g, "%0A");
const escapeProperty = (text: string) => escapeData(text).replace(/:/g, "%3A").replace(/,/g, "%2C");
