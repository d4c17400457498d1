import type { Instance } from "../runtime/types.ts";
import type { Unit } from "../stack/types.ts";
import type { Bringing, Progress } from "./bringing.ts";
import type { Failure } from "./failure.ts";

/** Tells at once when a unit ends; a service must not end, a task must end well. */
export function watchExit(progress: Progress, instance: Instance, bringing: Bringing): void {
  const { unit } = progress.step;
  void instance.exited.then((exit) => {
    progress.exit = exit;
    if (!bringing.lasts()) return;
    const expected = !endedBadly(progress);
    bringing.conducting.emit({ type: "service.exited", service: unit.name, exit, expected });
    if (!expected) bringing.fail(failureOf(progress));
  });
}

export function endedBadly({ step, exit }: Progress): boolean {
  return exit !== undefined && (!mayEnd(step.unit) || exit.exitCode !== 0);
}

/** A task, or a service that may also end with exit code 0. */
export function mayEnd(unit: Unit): boolean {
  return unit.kind === "task" || unit.mayComplete === true;
}

/** What a unit's end means, depending on how far it was. */
export function failureOf({ step, phase, exit }: Progress): Failure {
  const unit = step.unit.name;
  if (phase === "open" || exit === undefined) return { kind: "died", unit, exit };
  return { kind: step.unit.kind === "task" ? "task-failed" : "exited-early", unit, exit };
}
