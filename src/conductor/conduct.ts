import type { ErrorReport } from "../errors/report.ts";
import { asRollcallError, RollcallError } from "../errors/rollcall-error.ts";
import { within } from "../util/clock.ts";
import { type Bringing, createBringing, type Progress } from "./bringing.ts";
import type { Failure } from "./failure.ts";
import { beginPreparations } from "./preparations.ts";
import { reportFailure } from "./report.ts";
import { rootCause } from "./root-cause.ts";
import { realSeams, type Seams } from "./seams.ts";
import { bringUp } from "./step.ts";
import type { Conducted, Conducting } from "./types.ts";

/** What was cut off has so long to come to its end, in milliseconds; then it is left to the owner's clearing away. */
const windDownMs = 5000;

/**
 * Carries out a plan: everything is prepared at once, and a unit is started as soon as its gates are open.
 * The first failure ends all of it and is the one that is told. Nothing is stopped: that is the owner's next step.
 * Never rejects; leaves no timer and no listener.
 */
export async function conduct(conducting: Conducting, seams: Seams = realSeams): Promise<Conducted> {
  try {
    return await carryOut(createBringing(conducting, seams));
  } catch (thrown) {
    return { ok: false, error: asRollcallError(thrown).report, units: new Map() };
  }
}

async function carryOut(bringing: Bringing): Promise<Conducted> {
  const disarm = arm(bringing);
  try {
    const ended = begin(bringing);
    await firstOf(ended, bringing.signal);
    const failed = bringing.failure();
    if (failed === undefined) return { ok: true, units: bringing.ready };
    const failure = await rootCause(failed.failure, bringing);
    await within(bringing.seams.clock, windDownMs, Promise.allSettled([ended, ...bringing.starting]));
    const error = await reportFailure(failure, failed.atMs, bringing);
    tell(error, bringing);
    return { ok: false, error, units: bringing.ready };
  } finally {
    disarm();
    bringing.end();
  }
}

/** Sets everything going; resolves when all has come to its end, well or not. */
function begin(bringing: Bringing): Promise<unknown> {
  const { conducting, seams, signal, fail } = bringing;
  const { plan, place, stack, emit } = conducting;
  if (signal.aborted) return Promise.resolve();
  const preparations = beginPreparations({
    units: plan.steps.map(({ unit }) => unit),
    place,
    clock: seams.clock,
    signal,
    emit,
    onFailed: (unit, thrown) => fail({ kind: "thrown", unit: unit.name, error: asRollcallError(thrown) }),
  });
  const setUp = (async () => place.setUp(stack, { signal }))();
  setUp.catch((thrown: unknown) => fail({ kind: "thrown", unit: undefined, error: asRollcallError(thrown) }));
  const steps = [...bringing.progress.values()].map((each) =>
    bringUp(each, { preparations, setUp }, bringing),
  );
  return Promise.allSettled([setUp, preparations.ended, ...steps]);
}

/** The deadline and the caller's signal; returns the way to take both back. */
function arm({ conducting, seams, fail, progress }: Bringing): () => void {
  const { signal, deadlineMs } = conducting;
  const onAbort = () => fail({ kind: "aborted", unit: undefined, error: interruption(signal.reason) });
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  const cancel = seams.clock.after(deadlineMs, () => fail(deadlineOf([...progress.values()])));
  return () => {
    cancel();
    signal.removeEventListener("abort", onAbort);
  };
}

/** A signal may bring its own error (TERMINATED); everything else is an interruption. */
function interruption(reason: unknown): RollcallError {
  return reason instanceof RollcallError ? reason : new RollcallError("INTERRUPTED", { cause: reason });
}

/** The deadline's culprit: what has been on its way the longest, else what has waited the longest. */
function deadlineOf(progress: readonly Progress[]): Failure {
  const underway = progress
    .filter(({ phase }) => phase === "starting" || phase === "running")
    .sort((a, b) => (a.requestedMs ?? 0) - (b.requestedMs ?? 0));
  const culprit = underway[0] ?? progress.find(({ phase }) => phase === "waiting");
  return { kind: "deadline", unit: culprit?.step.unit.name };
}

function firstOf(ended: Promise<unknown>, signal: AbortSignal): Promise<unknown> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", resolve, { once: true });
    void ended.then(resolve);
  });
}

function tell(error: ErrorReport, { conducting }: Bringing): void {
  const { service } = error;
  if (service !== null) conducting.emit({ type: "service.failed", service, error });
  const because = service === null ? error.message : `${service} failed (${error.code})`;
  for (const unit of error.notStarted)
    conducting.emit({ type: "service.notStarted", service: unit, because });
}
