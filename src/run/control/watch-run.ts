import { sayExit } from "../../conductor/failure.ts";
import { sameIncarnation } from "../../conductor/gates.ts";
import { readLogTail } from "../../conductor/log-tail.ts";
import { RollcallError } from "../../errors/rollcall-error.ts";
import { stackMask } from "../../journal/mask-event.ts";
import type { Exit, Instance } from "../../runtime/types.ts";
import type { RunSession } from "../session.ts";
import { changeUnit } from "../state/change-unit.ts";
import { logFileOf } from "../state/folders.ts";
import { completed } from "../state/has-completed.ts";
import { readRecord } from "../state/record.ts";
import type { RunRecord } from "../types.ts";
import { locked } from "./locked.ts";
import { takeUpRestarted } from "./take-up.ts";
import { watchRecord } from "./watch-record.ts";

export interface RunWatch {
  /** Rejects with SERVICE_DIED, or ENGINE_FAILED when the engine is gone; never resolves. */
  readonly failed: Promise<never>;
  watch(service: string, instance: Instance): void;
  /** This instance is going to end on purpose, and whoever ends it tells it. */
  forget(instance: Instance): void;
  /** Takes up what other users of the run have started anew. Never rejects. */
  refresh(): Promise<void>;
  /** Nothing is told from now on; resolves when what has ended until now has been told. */
  stop(): Promise<void>;
}

const tailLines = 20;

/** Tells at once when a service of a run that is in use ends. */
export function watchRun(session: RunSession): RunWatch {
  const forgotten = new Set<Instance>();
  const untold = new Map<Instance, string>();
  let watching = true;
  let reject: (error: RollcallError) => void = () => {};
  const failed = new Promise<never>((_resolve, rejectFailed) => {
    reject = rejectFailed;
  });
  // A program that does not look at it must not be ended by it.
  failed.catch(() => {});

  const forget = (instance: Instance) => {
    forgotten.add(instance);
    untold.delete(instance);
  };

  // Several users see the same end: the one who brought the run up tells it.
  const tell = (instance: Instance, exit: Exit, wanted: boolean) => {
    const service = untold.get(instance);
    if (service === undefined || session.attached) return;
    untold.delete(instance);
    session.emit({ type: "service.exited", service, exit, expected: wanted });
  };

  const noting = new Set<Promise<void>>();
  const complete = (instance: Instance, exit: Exit) => {
    tell(instance, exit, true);
    const noted = noteCompleted(session, instance).finally(() => noting.delete(noted));
    noting.add(noted);
    return noted;
  };

  const onExit = async (service: string, instance: Instance, exit: Exit) => {
    const ignored = () => !watching || forgotten.has(instance);
    if (ignored()) return;
    // One that cannot be read does not say that anybody has taken the run down.
    const record = await readRecord(session.dir).catch(() => session.record);
    if (ignored()) return;
    if (isEndedByUser(record, instance)) {
      forget(instance);
      await refresh();
      return;
    }
    if (completes(service, exit, session)) {
      await complete(instance, exit);
      return;
    }
    const takenDown = record === undefined || record.state === "stopping" || record.state === "stopped";
    if (!takenDown) tell(instance, exit, false);
    if (session.request.options.onExit === "report") return;
    reject(takenDown ? takenDownError(service, session) : await diedError(service, exit, session));
  };

  const watch = (service: string, instance: Instance) => {
    untold.set(instance, service);
    void instance.exited.then((exit) => onExit(service, instance, exit));
  };

  const takeUp = async () => {
    if (!watching) return;
    for (const { old, fresh } of await takeUpRestarted(session)) {
      forget(old);
      old.close();
      watch(fresh.unit, fresh);
    }
  };
  let refreshed = Promise.resolve();
  const refresh = () => {
    // A damaged record and an engine that does not answer are told by whoever needs them.
    refreshed = refreshed.then(takeUp).catch(() => {});
    return refreshed;
  };
  const recordWatch = watchRecord(session.dir, refresh);

  /** An engine that does not answer knows nothing of its end. */
  const tellIfEnded = async (service: string, instance: Instance) => {
    const alive = await instance.alive().catch(() => instance.incarnation);
    if (alive !== undefined) return;
    if (isEndedByUser(await readRecord(session.dir).catch(() => undefined), instance)) return;
    const exit = await instance.exited;
    if (completes(service, exit, session)) await complete(instance, exit);
    else tell(instance, exit, false);
  };

  return {
    failed,
    watch,
    forget,
    refresh,
    async stop() {
      watching = false;
      recordWatch.close();
      await refreshed;
      await Promise.all([...untold].map(([instance, service]) => tellIfEnded(service, instance)));
      await Promise.all(noting);
    },
  };
}

/** For whoever looks later, and cannot see how it has ended any more. */
async function noteCompleted(session: RunSession, { unit, incarnation }: Instance): Promise<void> {
  await locked(`noting that ${unit} has completed`, session, async () => {
    const record = await readRecord(session.dir);
    const found = record?.units.find(({ name }) => name === unit);
    if (record?.state !== "ready" || found?.state !== "ready") return;
    if (sameIncarnation(found.instance?.incarnation, incarnation))
      await changeUnit(session.dir, unit, completed);
  }).catch(() => {});
}

/** Whether a user of the run has ended this instance on purpose, or has started another one in its place. */
function isEndedByUser(record: RunRecord | undefined, { unit, incarnation }: Instance): boolean {
  const found = record?.units.find(({ name }) => name === unit);
  if (found === undefined || found.instance === null) return false;
  const isEnding = found.ending !== undefined && sameIncarnation(found.ending, incarnation);
  return isEnding || !sameIncarnation(found.instance.incarnation, incarnation);
}

/** A one-shot that nobody waits for has done its work. */
function completes(service: string, { exitCode }: Exit, { request }: RunSession): boolean {
  const unit = request.stack.units.find(({ name }) => name === service);
  return unit?.kind === "service" && unit.mayComplete === true && exitCode === 0;
}

function takenDownError(service: string, { record }: RunSession): RollcallError {
  return new RollcallError("SERVICE_DIED", {
    service,
    message: `The run ${record.run} (${record.name}) was taken down by another command while it was in use.`,
    hint: "Use --name for a run of your own.",
  });
}

async function diedError(service: string, exit: Exit, { dir, request }: RunSession): Promise<RollcallError> {
  const mask = stackMask(request.stack);
  const logTail = await readLogTail(logFileOf(dir, service), { lines: tailLines, mask });
  const { lost, ...end } = exit;
  return new RollcallError(lost === undefined ? "SERVICE_DIED" : "ENGINE_FAILED", {
    ...end,
    service,
    message: `${service} ended although the stack was up: ${sayExit(exit)}.`,
    logTail,
  });
}
