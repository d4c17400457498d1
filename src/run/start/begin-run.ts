import type { Journal } from "../../journal/journal.ts";
import { allotPorts, type PortAllotment } from "../../ports/allot-ports.ts";
import type { Instance, Place, Runtime, RuntimeKind } from "../../runtime/types.ts";
import { orAborted } from "../../util/or-aborted.ts";
import { stopped } from "../end/take-down.ts";
import type { GuardHold, OneHold } from "../guard/guard.ts";
import { lastingHold } from "../guard/lasting-hold.ts";
import type { UpRequest } from "../request.ts";
import { openRunJournal } from "../run-journal.ts";
import { chooseRuntime } from "../runtimes.ts";
import type { RunSession } from "../session.ts";
import { firstRecord } from "../state/first-record.ts";
import { makeRunDir } from "../state/folders.ts";
import { identityOf } from "../state/identity.ts";
import { writeRecord } from "../state/record.ts";
import { keepRecord, type RecordKeeper } from "../state/record-keeper.ts";
import { addToIndex, removeFromIndex } from "../state/run-index.ts";
import type { RunRecord } from "../types.ts";

export interface Manner {
  readonly runtime: RuntimeKind | "auto";
  readonly ports: "fixed" | "free";
  readonly stay: boolean;
  /** What happened before there was a journal; readers have been told. */
  readonly notes: readonly string[];
}

/** A run of which nothing has been started yet. */
export interface Begun {
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

interface Beginning {
  readonly id: string;
  readonly guard: Promise<OneHold>;
  readonly request: UpRequest;
  readonly manner: Manner;
}

/** Runtime, ports, folder, record, index, guard, journal: all of it, or nothing. */
export async function beginRun(beginning: Beginning): Promise<Begun> {
  const { request, manner } = beginning;
  const { signal, timeoutMs } = request;
  const choosing = chooseRuntime(plannedStack(request), manner.runtime, { signal, limitMs: timeoutMs });
  const { runtime, note } = await orAborted(choosing, signal);
  try {
    const units = request.plan.steps.map(({ unit }) => unit);
    const allotment = await allotPorts(units, manner.ports);
    try {
      const begun = await makeFindable(beginning, runtime, allotment);
      for (const text of manner.notes) begun.journal.emit({ type: "note", text });
      if (note !== undefined) begun.emit({ type: "note", text: note });
      return begun;
    } catch (error) {
      allotment.release();
      throw error;
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

/** From here on the run can be found and removed by others. */
async function makeFindable(
  { id, guard, request, manner }: Beginning,
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
  try {
    await Promise.all([keeper.written(), addToIndex({ run: id, dir, record })]);
    const hold = lastingHold(await guard, { dir, run: id, user: request.user });
    const place = runtime.open(identityOf(dir, record));
    const { journal, emit } = openRunJournal(dir, request.stack, request.options.onEvent);
    emit(startedEvent(request, id, runtime));
    return { request, runtime, allotment, dir, keeper, place, journal, emit, hold, started: new Map() };
  } catch (error) {
    await forget(dir, record);
    throw error;
  }
}

/** Nothing has been started: there is only the record to close. */
async function forget(dir: string, record: RunRecord): Promise<void> {
  await Promise.allSettled([writeRecord(dir, stopped(record)), removeFromIndex(record.run)]);
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
