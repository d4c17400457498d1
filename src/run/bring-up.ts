import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { conduct } from "../conductor/conduct.ts";
import type { Conducted } from "../conductor/types.ts";
import type { ErrorReport } from "../errors/report.ts";
import { asRollcallError, RollcallError } from "../errors/rollcall-error.ts";
import type { Journal } from "../journal/journal.ts";
import { allotPorts, type PortAllotment } from "../ports/allot-ports.ts";
import type { Instance, Place, Runtime, RuntimeKind } from "../runtime/types.ts";
import { foldersOfRun, scarceSpace } from "./disk-space.ts";
import { firstRecord, resolveExports } from "./first-record.ts";
import { logFileOf, makeRunDir, newRunId, runDirOf } from "./folders.ts";
import { type GuardHold, startGuard } from "./guard.ts";
import { identityOf } from "./identity.ts";
import { writeRecord } from "./record.ts";
import { keepRecord, type RecordKeeper } from "./record-keeper.ts";
import type { UpRequest } from "./request.ts";
import { addToIndex, removeFromIndex } from "./run-index.ts";
import { openRunJournal } from "./run-journal.ts";
import { chooseRuntime } from "./runtimes.ts";
import type { RunSession } from "./session.ts";
import { stopped, takeDown } from "./take-down.ts";
import type { RunRecord } from "./types.ts";

export interface Manner {
  readonly runtime: RuntimeKind | "auto";
  readonly ports: "fixed" | "free";
  readonly stay: boolean;
  /** What happened before there was a journal; readers have been told. */
  readonly notes: readonly string[];
}

/** Brings a new run up, or leaves nothing of it. The caller holds the lock. Throws RollcallError. */
export async function bringUp(request: UpRequest, manner: Manner): Promise<RunSession> {
  const id = newRunId();
  // Early, since a process takes its time to start; it finds nothing to do while there is no record.
  const guard = startGuard(runDirOf(request.stackDir, id), request.user, request.signal);
  guard.catch(() => {});
  try {
    return await withRuntime(id, guard, request, manner);
  } catch (error) {
    await guard.then((hold) => hold.dismiss()).catch(() => {});
    throw error;
  }
}

async function withRuntime(
  id: string,
  guard: Promise<GuardHold>,
  request: UpRequest,
  manner: Manner,
): Promise<RunSession> {
  const { runtime, note } = await chooseRuntime(plannedStack(request), manner.runtime);
  try {
    const units = request.plan.steps.map(({ unit }) => unit);
    const allotment = await allotPorts(units, manner.ports);
    try {
      const begun = await begin(id, guard, request, manner, runtime, allotment);
      for (const text of manner.notes) begun.journal.emit({ type: "note", text });
      if (note !== undefined) begun.emit({ type: "note", text: note });
      for (const text of await scarceSpace(foldersOfRun(request.stack.dir)))
        begun.emit({ type: "note", text });
      return await carryOut(begun);
    } finally {
      allotment.release();
    }
  } catch (error) {
    await runtime.close();
    throw error;
  }
}

/** Only what is to be started must suit the runtime. */
function plannedStack({ stack, plan }: UpRequest) {
  return { ...stack, units: plan.steps.map(({ unit }) => unit) };
}

interface Begun {
  readonly request: UpRequest;
  readonly runtime: Runtime;
  readonly allotment: PortAllotment;
  readonly dir: string;
  readonly keeper: RecordKeeper;
  readonly place: Place;
  readonly journal: Journal;
  readonly emit: RunSession["emit"];
  readonly hold: GuardHold;
  readonly started: Map<string, Instance>;
}

/** Folder, record, index, guard, journal: from here on the run can be found and removed by others. */
async function begin(
  id: string,
  guard: Promise<GuardHold>,
  request: UpRequest,
  manner: Manner,
  runtime: Runtime,
  allotment: PortAllotment,
): Promise<Begun> {
  const dir = await makeRunDir(request.stackDir, id);
  const record = firstRecord({
    id,
    dir,
    request,
    runtime,
    portMode: manner.ports,
    stay: manner.stay,
    ports: allotment.ports,
  });
  const keeper = keepRecord(dir, record);
  await Promise.all([keeper.written(), addToIndex({ run: id, dir, record })]);
  const hold = await guarded(dir, record, guard);
  const { journal, emit } = openRunJournal(dir, request.stack, request.options.onEvent);
  emit(startedEvent(request, id, runtime));
  const place = runtime.open(identityOf(dir, record));
  return { request, runtime, allotment, dir, keeper, place, journal, emit, hold, started: new Map() };
}

/** Nothing has been started yet: without a guard there is only the record to close. */
async function guarded(dir: string, record: RunRecord, guard: Promise<GuardHold>): Promise<GuardHold> {
  try {
    return await guard;
  } catch (error) {
    await writeRecord(dir, stopped(record));
    await removeFromIndex(record.run);
    throw error;
  }
}

function startedEvent(request: UpRequest, run: string, runtime: Runtime) {
  const { stack, name, order, plan, timeoutMs } = request;
  return {
    type: "run.started" as const,
    run,
    stack: stack.name,
    name,
    runtime: runtime.kind,
    runtimeDescription: runtime.description,
    order,
    deadlineMs: timeoutMs,
    steps: plan.steps.map(({ unit, gates }) => ({
      service: unit.name,
      kind: unit.kind,
      ...(unit.kind === "service" && unit.mayComplete === true ? { mayComplete: true } : {}),
      after: gates.map((gate) => gate.service),
    })),
  };
}

async function carryOut(begun: Begun): Promise<RunSession> {
  const { request, runtime, allotment, dir, keeper, place, journal, emit, hold, started } = begun;
  const beganMs = performance.now();
  emit({ type: "ports.allotted", ports: allotted(allotment) });
  const conducted = await conduct({
    stack: request.stack,
    plan: request.plan,
    runtime,
    place,
    ports: allotment.ports,
    logFile: (unit) => logFileOf(dir, unit),
    emit,
    started: (instance) => {
      started.set(instance.unit, instance);
      keeper.changeUnit(instance.unit, { state: "starting", instance: instance.record });
    },
    deadlineMs: request.timeoutMs,
    signal: request.signal,
  });
  noteUnits(keeper, conducted);
  if (!conducted.ok) return await fail(begun, conducted.error);
  const readyMs = Math.round(performance.now() - beganMs);
  const env = resolveExports(request.stack, allotment.ports);
  keeper.change((record) => ({ ...record, state: "ready", readyMs, env }));
  await keeper.written();
  emit({ type: "run.ready", tookMs: readyMs });
  const instances = new Map<string, Instance>();
  for (const unit of conducted.units.values()) {
    if (unit.kind === "service" && unit.instance !== undefined) instances.set(unit.name, unit.instance);
  }
  const record = keeper.current;
  return { request, dir, record, runtime, place, journal, emit, instances, hold, attached: false };
}

function allotted({ ports }: PortAllotment) {
  return [...ports].flatMap(([service, published]) =>
    published.map(({ name, host }) => ({ service, port: name, host })),
  );
}

function noteUnits(keeper: RecordKeeper, conducted: Conducted): void {
  for (const unit of conducted.units.values()) {
    const { level, observed } = unit.evidence;
    const { startMs, readyMs } = unit;
    const state = level === "completed" ? "completed" : "ready";
    keeper.changeUnit(unit.name, {
      state,
      level,
      observed,
      startMs: Math.round(startMs),
      readyMs: Math.round(readyMs),
    });
  }
  const failed = conducted.ok ? null : conducted.error.service;
  if (failed !== null) keeper.changeUnit(failed, { state: "failed" });
}

/** Saves what explains the failure, removes everything (or leaves it for a look), and throws. */
async function fail(begun: Begun, report: ErrorReport): Promise<never> {
  const { request, dir, keeper, place, journal, emit, hold, started } = begun;
  const kept = request.options.keepOnFailure === true && !request.signal.aborted;
  await saveInspections(dir, started);
  emit({ type: "run.failed", error: report, kept });
  keeper.change((record) => ({ ...record, state: "failed", stay: kept, users: kept ? [] : record.users }));
  let notRemoved: RollcallError | undefined;
  try {
    await keeper.written();
    if (!kept) {
      const now = request.options.now;
      const because = "the start has failed";
      const record = keeper.current;
      await takeDown({ dir, record, emit, because, manner: "polite", now, instances: started, place });
    }
    hold.dismiss();
  } catch (error) {
    notRemoved = asRollcallError(error);
    // The guard goes on trying.
    hold.leave();
  }
  for (const instance of started.values()) instance.close();
  await place.close();
  await journal.close();
  throw failureError(report, kept, request.name, notRemoved);
}

async function saveInspections(dir: string, started: ReadonlyMap<string, Instance>): Promise<void> {
  const saves = [...started].map(async ([unit, instance]) => {
    const data = await instance.inspect();
    await writeFile(join(dir, "inspect", `${unit}.json`), `${JSON.stringify(data, null, 2)}\n`, {
      mode: 0o600,
      flag: "wx",
    });
  });
  await Promise.allSettled(saves);
}

function failureError(
  report: ErrorReport,
  kept: boolean,
  name: string,
  notRemoved: RollcallError | undefined,
): RollcallError {
  const { code, hint, ...rest } = report;
  const more = [
    ...(kept ? [`It was left up for a look: \`rollcall down --name ${name}\` removes it.`] : []),
    ...(notRemoved === undefined ? [] : [`Besides, ${notRemoved.message}`]),
  ];
  return new RollcallError(code, { ...rest, hint: [hint, ...more].join(" "), cause: notRemoved });
}
