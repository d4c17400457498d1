import type { Exit, Instance } from "../runtime/types.ts";
import type { Bringing, Progress } from "./bringing.ts";

/** Tells at once when a unit ends; a service must not end, a task must end well. */
export function watchExit(progress: Progress, instance: Instance, bringing: Bringing): void {
  const { unit } = progress.step;
  void instance.exited.then((exit) => {
    progress.exit = exit;
    if (!bringing.lasts()) return;
    const expected = unit.kind === "task" && exit.exitCode === 0;
    bringing.conducting.emit({ type: "service.exited", service: unit.name, exit, expected });
    if (!expected) failBecauseOf(exit, progress, bringing);
  });
}

function failBecauseOf(exit: Exit, { step, phase }: Progress, bringing: Bringing): void {
  const unit = step.unit.name;
  if (step.unit.kind === "task") bringing.fail({ kind: "task-failed", unit, exit });
  else bringing.fail({ kind: phase === "open" ? "died" : "exited-early", unit, exit });
}
