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
  /** Nothing is told any more. */
  stop(): void;
}

const tailLines = 20;

/** Tells at once when a service of a run that is in use ends. */
export function watchRun(session: RunSession): RunWatch {
  const expected = new Set<Instance>();
  let watching = true;
  let reject: (error: RollcallError) => void = () => {};
  const failed = new Promise<never>((_resolve, rejectFailed) => {
    reject = rejectFailed;
  });
  // A program that does not look at it must not be ended by it.
  failed.catch(() => {});

  const onExit = async (service: string, instance: Instance, exit: Exit) => {
    const wanted = () => !watching || expected.has(instance);
    if (wanted()) return;
    const record = await readRecord(session.dir).catch(() => undefined);
    if (wanted()) return;
    if (completes(service, exit, session)) {
      if (!session.attached) session.emit({ type: "service.exited", service, exit, expected: true });
      return;
    }
    const takenDown = record === undefined || record.state === "stopping" || record.state === "stopped";
    // Several users see the same end: the one who brought the run up tells it.
    if (!takenDown && !session.attached)
      session.emit({ type: "service.exited", service, exit, expected: false });
    if (session.request.options.onExit === "report") return;
    reject(takenDown ? takenDownError(service, session) : await diedError(service, exit, session));
  };

  return {
    failed,
    watch: (service, instance) => void instance.exited.then((exit) => onExit(service, instance, exit)),
    expectEnd: (instance) => void expected.add(instance),
    stop() {
      watching = false;
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
