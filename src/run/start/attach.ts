import type { EventBody } from "../../journal/events.ts";
import { stackMask } from "../../journal/mask-event.ts";
import type { Instance, Place } from "../../runtime/types.ts";
import { ownerOfThisProcess } from "../../util/owner.ts";
import { prove } from "../control/prove.ts";
import { adoptAll } from "../end/take-down.ts";
import { joinGuard } from "../guard/guard.ts";
import { joinOrStartGuard } from "../guard/lasting-hold.ts";
import type { UpRequest } from "../request.ts";
import { openRunJournal } from "../run-journal.ts";
import { openRuntimeOf } from "../runtimes.ts";
import type { RunSession } from "../session.ts";
import type { FoundRun } from "../state/find.ts";
import { logFileOf } from "../state/folders.ts";
import { completed, hasCompleted } from "../state/has-completed.ts";
import { identityOf } from "../state/identity.ts";
import { writeRecord } from "../state/record.ts";
import { livingUsers, withUser } from "../state/users.ts";
import type { RunRecord, UnitRecord } from "../types.ts";
import { runExists } from "./differences.ts";

/**
 * Makes this process a user of a run that is up, once every gate has been proven again; otherwise says why not.
 * The caller holds the lock.
 */
export async function attach(
  { dir, record }: FoundRun,
  request: UpRequest,
): Promise<RunSession | { readonly broken: string }> {
  const runtime = await openRuntimeOf(dir, record, { signal: request.signal, limitMs: request.timeoutMs });
  const place = runtime.open(identityOf(dir, record));
  const instances = new Map<string, Instance>();
  try {
    const outdated = await outdatedUnits(record, request, place);
    // Tests write into their project: a run that is in use stays what it is for all of its users.
    if (outdated.length > 0 && livingUsers(record).length === 0) throw runExists(record, outdated);
    const services = record.units.filter((unit) => unit.kind === "service" && unit.state !== "completed");
    for (const [name, instance] of await adoptAll({ ...record, units: services }, place))
      instances.set(name, instance);
    const done = await newlyCompleted(services, instances, place);
    const running = services.filter((unit) => !done.includes(unit));
    const broken = await proveAll(dir, running, request, place, instances);
    if (broken !== undefined) {
      await release(instances, place, runtime);
      return { broken };
    }
    const next: RunRecord = {
      ...withUser(record, { id: request.user, owner: ownerOfThisProcess() }),
      units: record.units.map((unit) => ({
        ...unit,
        ...(running.includes(unit) && { state: "ready" }),
        ...(done.includes(unit) && completed),
      })),
      stay: record.stay || request.options.stay === true,
    };
    const session = { request, dir, record: next, runtime, place, instances };
    return await enter(session, { outdated, done });
  } catch (error) {
    await release(instances, place, runtime);
    throw error;
  }
}

interface Seen {
  readonly outdated: readonly string[];
  readonly done: readonly UnitRecord[];
}

/** From here on this process counts as a user. */
async function enter(
  session: Pick<RunSession, "request" | "dir" | "record" | "runtime" | "place" | "instances">,
  { outdated, done }: Seen,
): Promise<RunSession> {
  const { request, dir, record } = session;
  const { journal, emit } = openRunJournal(dir, request.stack, request.options.onEvent);
  try {
    await writeRecord(dir, record);
    const { run } = record;
    const { user, signal } = request;
    const hold = record.stay
      ? await joinGuard(run, user, signal)
      : await joinOrStartGuard({ dir, run, user }, signal);
    for (const text of outdated) emit({ type: "note", text });
    for (const { name } of done) emit(completionOf(name));
    emit({ type: "run.attached", pid: process.pid });
    return { ...session, journal, emit, hold, attached: true };
  } catch (error) {
    await journal.close();
    throw error;
  }
}

/** What was built from other files than are there now, in words. */
async function outdatedUnits(
  record: RunRecord,
  { stack }: UpRequest,
  place: Place,
): Promise<readonly string[]> {
  const looks = record.units.map(async ({ name, instance }) => {
    const unit = stack.units.find((each) => each.name === name);
    if (unit === undefined || instance === null || (await place.isCurrent(unit, instance))) return [];
    return [`${name} was built from files that have changed since`];
  });
  return (await Promise.all(looks)).flat();
}

/** What has done its work while nobody watched. */
async function newlyCompleted(
  services: readonly UnitRecord[],
  instances: ReadonlyMap<string, Instance>,
  place: Place,
): Promise<readonly UnitRecord[]> {
  const looks = services.map((unit) => hasCompleted(unit, instances.get(unit.name), place));
  const done = await Promise.all(looks);
  return services.filter((_unit, index) => done[index]);
}

function completionOf(service: string): EventBody {
  const exit = { exitCode: 0, signal: null, oomKilled: false };
  return { type: "service.exited", service, exit, expected: true };
}

async function proveAll(
  dir: string,
  running: readonly UnitRecord[],
  request: UpRequest,
  place: Place,
  instances: ReadonlyMap<string, Instance>,
): Promise<string | undefined> {
  const gone = running.find(({ name }) => !instances.has(name));
  if (gone !== undefined) return `${gone.name} has ended`;
  const controller = new AbortController();
  const deadline = AbortSignal.timeout(request.timeoutMs);
  const signal = AbortSignal.any([request.signal, controller.signal]);
  const mask = stackMask(request.stack);
  const looks = running.map(async (recorded) => {
    const { name } = recorded;
    const unit = request.stack.units.find((each) => each.name === name);
    const instance = instances.get(name);
    if (unit?.kind !== "service" || instance === undefined) return `${name} has ended`;
    if (await hasCompleted(recorded, instance, place)) return undefined;
    const logFile = logFileOf(dir, name);
    const proof = await prove({
      service: unit,
      instance,
      logFile,
      signal: AbortSignal.any([signal, deadline]),
      mask,
    });
    return typeof proof === "string" ? proof : undefined;
  });
  try {
    return await firstBroken(looks);
  } catch (error) {
    if (request.signal.aborted || !deadline.aborted) throw error;
    return "its gates could not be proven again in time";
  } finally {
    // One broken gate is enough: the other looks are called off.
    controller.abort(new DOMException("Not needed any more", "AbortError"));
    await Promise.allSettled(looks);
  }
}

/** Resolves with the first that is broken, without waiting for the others, or once all have been proven. */
function firstBroken(looks: readonly Promise<string | undefined>[]): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    for (const look of looks) look.then((broken) => broken !== undefined && resolve(broken), reject);
    Promise.all(looks).then(() => resolve(undefined), reject);
  });
}

async function release(
  instances: ReadonlyMap<string, Instance>,
  place: Place,
  runtime: { close(): Promise<void> },
): Promise<void> {
  for (const instance of instances.values()) instance.close();
  await place.close();
  await runtime.close();
}
