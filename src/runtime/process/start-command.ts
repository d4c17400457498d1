import { stat } from "node:fs/promises";
import { isAbsolute, resolve } from "node:path";
import { RollcallError } from "../../errors/rollcall-error.ts";
import type { ProcessForm } from "../../stack/types.ts";
import type { StartOrder } from "../types.ts";
import { baseEnvironment } from "./marks.ts";
import type { Starting } from "./start-unit.ts";

type CommandForm = Extract<ProcessForm, { readonly kind: "command" }>;

/** How a command of the definition is started. */
export async function startCommand(form: CommandForm, order: StartOrder): Promise<Starting> {
  const unit = order.unit.name;
  const [first, ...args] = form.argv.map(order.resolve);
  if (first === undefined || first === "") {
    throw new RollcallError("START_FAILED", { service: unit, message: `The command of ${unit} is empty.` });
  }
  const folder = await stat(form.cwd).catch(() => undefined);
  if (!folder?.isDirectory()) {
    throw new RollcallError("START_FAILED", {
      service: unit,
      message: `${unit} can't be started: its working folder ${form.cwd} does not exist.`,
      hint: "Correct `cwd` in the definition, or make the folder.",
    });
  }
  // The system would take a relative path from our own folder.
  const program = first.includes("/") && !isAbsolute(first) ? resolve(form.cwd, first) : first;
  return {
    kind: "command",
    argv: [program, ...args],
    cwd: form.cwd,
    env: { ...baseEnvironment(), ...order.env },
  };
}

/** What the system said when it could not start a program, in words. */
export function spawnError(unit: string, program: string, error: unknown): RollcallError {
  const { code, message } = error as NodeJS.ErrnoException;
  const reasons: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
    ENOENT: [
      `there is no program ${program}`,
      "Install it, or correct the command: a name is looked up on PATH, a path counts from the unit's cwd.",
    ],
    EACCES: [
      `${program} may not be executed`,
      "Make it executable (chmod +x), or run it with its interpreter.",
    ],
    ENOEXEC: [`${program} is not a program of this machine`, "Give a script its first line (#!…)."],
  };
  const [reason, hint] = reasons[code ?? ""] ?? [message, "Read the reason that was given."];
  return new RollcallError("START_FAILED", {
    service: unit,
    message: `${unit} can't be started: ${reason}.`,
    hint,
    cause: error,
  });
}
