import { sayExit } from "../conductor/failure.ts";
import { readLogTail } from "../conductor/log-tail.ts";
import { RollcallError } from "../errors/rollcall-error.ts";
import { stackMask } from "../journal/mask-event.ts";
import type { Exit, Instance } from "../runtime/types.ts";
import { logFileOf } from "./folders.ts";
import { readRecord } from "./record.ts";
import type { RunSession } from "./session.ts";

export interface RunWatch {
  /** Rejects with SERVICE_DIED, or ENGINE_FAILED when the engine is gone; never resolves. */
  readonly failed: Promise<never>;
  watch(service: string, instance: Instance): void;
  /** This instance is going to end on purpose. */
  expectEnd(instance: Instance): void;
  /** Likewise, and whoever ends it tells it. */
  forget(instance: Instance): void;
  /** Nothing is told from now on; resolves when what has ended until now has been told. */
  stop(): Promise<void>;
}

const tailLines = 20;

/** Tells at once when a service of a run that is in use ends. */
export function watchRun(session: RunSession): RunWatch {
  const expected = new Set<Instance>();
  const untold = new Map<Instance, string>();
  let watching = true;
  let reject: (error: RollcallError) => void = () => {};
  const failed = new Promise<never>((_resolve, rejectFailed) => {
    reject = rejectFailed;
  });
  // A program that does not look at it must not be ended by it.
  failed.catch(() => {});

  // Several users see the same end: the one who brought the run up tells it.
  const tell = (instance: Instance, exit: Exit, wanted: boolean) => {
    const service = untold.get(instance);
    if (service === undefined || session.attached) return;
    untold.delete(instance);
    session.emit({ type: "service.exited", service, exit, expected: wanted });
  };

  const onExit = async (service: string, instance: Instance, exit: Exit) => {
    const wanted = () => !watching || expected.has(instance);
    if (wanted()) {
      if (watching) tell(instance, exit, true);
      return;
    }
    const record = await readRecord(session.dir).catch(() => undefined);
    if (wanted()) return;
    if (completes(service, exit, session)) {
      tell(instance, exit, true);
      return;
    }
    const takenDown = record === undefined || record.state === "stopping" || record.state === "stopped";
    if (!takenDown) tell(instance, exit, false);
    if (session.request.options.onExit === "report") return;
    reject(takenDown ? takenDownError(service, session) : await diedError(service, exit, session));
  };

  /** An engine that does not answer knows nothing of its end. */
  const tellIfEnded = async (service: string, instance: Instance) => {
    const alive = await instance.alive().catch(() => instance.incarnation);
    if (alive !== undefined) return;
    const exit = await instance.exited;
    tell(instance, exit, expected.has(instance) || completes(service, exit, session));
  };

  return {
    failed,
    watch(service, instance) {
      untold.set(instance, service);
      void instance.exited.then((exit) => onExit(service, instance, exit));
    },
    expectEnd: (instance) => void expected.add(instance),
    forget(instance) {
      expected.add(instance);
      untold.delete(instance);
    },
    async stop() {
      watching = false;
      await Promise.all([...untold].map(([instance, service]) => tellIfEnded(service, instance)));
    },
  };
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
