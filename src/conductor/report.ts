import { guess } from "../errors/guess.ts";
import type { ErrorReport } from "../errors/report.ts";
import { RollcallError } from "../errors/rollcall-error.ts";
import { type ErrorCode, errorTable } from "../errors/table.ts";
import { sayDuration } from "../util/say-duration.ts";
import { shown } from "../util/shown.ts";
import type { Bringing, Progress } from "./bringing.ts";
import { codeOf, exitOf, type Failure, sayExit } from "./failure.ts";

const tailLines = 20;

/** The failure as data: everything that was seen of the unit, and what never got its turn. */
export async function reportFailure(
  failure: Failure,
  atMs: number,
  bringing: Bringing,
): Promise<ErrorReport> {
  const { conducting, mask } = bringing;
  const show = (text: string) => shown(text, mask);
  const progress = failure.unit === undefined ? undefined : bringing.progress.get(failure.unit);
  const thrown = "error" in failure ? failure.error.report : undefined;
  const exit = exitOf(failure) ?? progress?.exit;
  const code = codeOf(failure);
  const logFile =
    progress?.requestedMs === undefined ? undefined : conducting.logFile(progress.step.unit.name);
  const logTail =
    logFile === undefined ? [] : await bringing.seams.readLogTail(logFile, { lines: tailLines, mask });
  const { report } = new RollcallError(code, {
    message: show(messageOf(failure, progress, atMs, bringing)),
    service: thrown?.service ?? failure.unit ?? null,
    observed: typeof thrown?.observed === "string" ? show(thrown.observed) : (progress?.observed ?? null),
    exitCode: thrown?.exitCode ?? exit?.exitCode ?? null,
    signal: thrown?.signal ?? exit?.signal ?? null,
    oomKilled: thrown?.oomKilled || exit?.oomKilled || false,
    elapsedMs: thrown?.elapsedMs ?? elapsedMs(progress, atMs),
    attempts: thrown?.attempts ?? (progress && progress.attempts > 0 ? progress.attempts : null),
    logTail: thrown !== undefined && thrown.logTail.length > 0 ? thrown.logTail.map(show) : logTail,
    notStarted: notStarted(failure, bringing),
  });
  return { ...report, hint: show(hintOf(report, failure, progress, bringing)) };
}

/** Units whose start was never requested, in the plan's order. */
function notStarted(failure: Failure, { progress }: Bringing): string[] {
  return [...progress.values()]
    .filter(({ step, requestedMs }) => requestedMs === undefined && step.unit.name !== failure.unit)
    .map(({ step }) => step.unit.name);
}

function elapsedMs(progress: Progress | undefined, atMs: number): number | null {
  return progress?.requestedMs === undefined ? null : Math.round(atMs - progress.requestedMs);
}

function messageOf(
  failure: Failure,
  progress: Progress | undefined,
  atMs: number,
  bringing: Bringing,
): string {
  const { unit } = failure;
  const budget = progress === undefined ? "" : sayDuration(progress.step.unit.budgetMs);
  const deadline = sayDuration(bringing.conducting.deadlineMs);
  const limits = `its budget is ${budget}, the run's deadline ${deadline}`;
  const elapsed = sayDuration(elapsedMs(progress, atMs) ?? 0);
  switch (failure.kind) {
    case "thrown":
    case "aborted":
      return failure.error.message;
    case "exited-early":
      return `${unit} ended before it was ready: ${sayExit(failure.exit)}, ${elapsed} after its start was requested (${limits}).`;
    case "task-failed":
      return `The task ${unit} failed: ${sayExit(failure.exit)} after ${elapsed}; expected exit code 0.`;
    case "died":
      return `${unit} ended after it had been ready, while others were being started: ${failure.exit ? sayExit(failure.exit) : "nobody saw how"}.`;
    case "replaced":
      return `${unit} was restarted by somebody else after it had been started: ${failure.now.id} runs in its place, and nothing that was proven holds for it.`;
    case "wrong":
      return `${unit} answers, and its answer means that it will not get ready (${saySought(progress)}; ${limits}).`;
    case "budget":
      return `${unit} ${sayMissing(progress)} within its budget of ${budget} (${saySought(progress)}; the run's deadline is ${deadline}).`;
    case "deadline":
      return `The run's deadline of ${deadline} passed ${sayOnTheWay(progress, elapsed, budget)}.`;
  }
}

function saySought(progress: Progress | undefined): string {
  if (progress?.probe === undefined) return "it was not looked at yet";
  return `looked for: ${progress.probe}`;
}

function sayMissing(progress: Progress | undefined): string {
  if (progress?.instance === undefined) return "was not started";
  return progress.step.unit.kind === "task" ? "did not come to its end" : "did not get ready";
}

function sayOnTheWay(progress: Progress | undefined, elapsed: string, budget: string): string {
  if (progress === undefined) return "before anything was on its way";
  const { name } = progress.step.unit;
  if (progress.requestedMs === undefined) return `while ${name} waited to be started`;
  return `while ${name} was on its way for ${elapsed} (its budget is ${budget}; ${saySought(progress)})`;
}

/** What was thrown may know best; then what the evidence speaks for; then what the code says in general. */
function hintOf(
  report: ErrorReport,
  failure: Failure,
  progress: Progress | undefined,
  { conducting }: Bringing,
): string {
  const { cause, cure } = errorTable[report.code];
  const thrown = "error" in failure ? failure.error.report : undefined;
  if (thrown !== undefined && thrown.hint !== cure) return thrown.hint;
  const ports = conducting.ports.get(failure.unit ?? "") ?? [];
  const found = unexplained.has(report.code)
    ? undefined
    : guess({
        ...report,
        message: thrown === undefined ? "" : report.message,
        log: report.logTail,
        // On this machine's processes there is no inside.
        ports: ports.map(({ container, host }) => ({
          inside: conducting.runtime.addressing === "inside" ? container : host,
          host,
        })),
        needs: progress?.step.unit.after.map(({ service }) => service) ?? [],
      });
  return found === undefined ? `${cause} ${cure}` : `${found.cause} ${found.cure}`;
}

/** Their cause is known. */
const unexplained: ReadonlySet<ErrorCode> = new Set([
  "INTERRUPTED",
  "TERMINATED",
  "INTERNAL",
  "IMAGE_MISSING",
]);
