import { conduct } from "../../conductor/conduct.ts";
import type { Conducted } from "../../conductor/types.ts";
import type { ErrorReport } from "../../errors/report.ts";
import { asRollcallError } from "../../errors/rollcall-error.ts";
import type { PortAllotment } from "../../ports/allot-ports.ts";
import type { Instance } from "../../runtime/types.ts";
import { startGuard } from "../guard/guard.ts";
import type { UpRequest } from "../request.ts";
import type { RunSession } from "../session.ts";
import { resolveExports } from "../state/first-record.ts";
import { logFileOf, newRunId, runDirOf } from "../state/folders.ts";
import type { RecordKeeper } from "../state/record-keeper.ts";
import { type Begun, beginRun, type Manner } from "./begin-run.ts";
import { foldersOfRun, scarceSpace } from "./disk-space.ts";
import { failStart } from "./fail-start.ts";

/** Brings a new run up, or leaves nothing of it. The caller holds the lock. Throws RollcallError. */
export async function bringUp(request: UpRequest, manner: Manner): Promise<RunSession> {
  const id = newRunId();
  // Early, since a process takes its time to start; it finds nothing to do while there is no record.
  const guard = startGuard(runDirOf(request.stackDir, id), request.user, request.signal);
  guard.catch(() => {});
  let begun: Begun;
  try {
    begun = await beginRun({ id, guard, request, manner });
  } catch (error) {
    await guard.then((hold) => hold.dismiss()).catch(() => {});
    throw error;
  }
  try {
    return await carryOut(begun);
  } finally {
    begun.allotment.release();
  }
}

/** Whatever goes wrong from here on, what has been started is removed, and its guard stays until it has been. */
async function carryOut(begun: Begun): Promise<RunSession> {
  const outcome = await bringUpAll(begun).catch((error: unknown) => asRollcallError(error).report);
  return "code" in outcome ? failStart(begun, outcome) : outcome;
}

async function bringUpAll(begun: Begun): Promise<RunSession | ErrorReport> {
  const { request, allotment, emit, keeper } = begun;
  for (const text of await scarceSpace(foldersOfRun(request.stack.dir))) emit({ type: "note", text });
  const beganMs = performance.now();
  emit({ type: "ports.allotted", ports: allotted(allotment) });
  const conducted = await conductUnits(begun);
  noteUnits(keeper, conducted);
  if (!conducted.ok) return conducted.error;
  return settle(begun, conducted, Math.round(performance.now() - beganMs));
}

function conductUnits({ request, runtime, place, allotment, dir, emit, keeper, started }: Begun) {
  return conduct({
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
}

/** Every gate is open: others may attach once the record says so. */
async function settle(begun: Begun, { units }: Conducted, readyMs: number): Promise<RunSession> {
  const { request, runtime, allotment, dir, keeper, place, journal, emit, hold } = begun;
  const env = resolveExports(request.stack, allotment.ports);
  keeper.change((record) => ({ ...record, state: "ready", readyMs, env }));
  await keeper.written();
  emit({ type: "run.ready", tookMs: readyMs });
  const instances = new Map<string, Instance>();
  for (const unit of units.values()) {
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
