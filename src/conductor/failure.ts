import type { RollcallError } from "../errors/rollcall-error.ts";
import type { ErrorCode } from "../errors/table.ts";
import type { Exit, Incarnation } from "../runtime/types.ts";

/** What ended the bringing-up. */
export type Failure =
  /** Something was refused; undefined: no unit's own doing. */
  | { readonly kind: "thrown"; readonly unit: string | undefined; readonly error: RollcallError }
  | { readonly kind: "exited-early"; readonly unit: string; readonly exit: Exit }
  | { readonly kind: "task-failed"; readonly unit: string; readonly exit: Exit }
  /** It had been ready. undefined: nobody saw how it ended. */
  | { readonly kind: "died"; readonly unit: string; readonly exit: Exit | undefined }
  /** Something else runs in its place. */
  | { readonly kind: "replaced"; readonly unit: string; readonly now: Incarnation }
  | { readonly kind: "wrong"; readonly unit: string }
  | { readonly kind: "budget"; readonly unit: string }
  /** undefined: nothing was on its way. */
  | { readonly kind: "deadline"; readonly unit: string | undefined }
  | { readonly kind: "aborted"; readonly unit: undefined; readonly error: RollcallError };

export function codeOf(failure: Failure): ErrorCode {
  // Nobody knows whether it ended: the engine is gone.
  if (exitOf(failure)?.lost !== undefined) return "ENGINE_FAILED";
  switch (failure.kind) {
    case "thrown":
    case "aborted":
      return failure.error.code;
    case "exited-early":
      return "EXITED_EARLY";
    case "task-failed":
      return "TASK_FAILED";
    case "died":
    case "replaced":
      return "SERVICE_DIED";
    case "wrong":
      return "PROBE_WRONG";
    case "budget":
      return "NOT_READY";
    case "deadline":
      return "DEADLINE";
  }
}

export function exitOf(failure: Failure): Exit | undefined {
  return "exit" in failure ? failure.exit : undefined;
}

/** "exit code 3", "SIGKILL, out of memory". */
export function sayExit({ exitCode, signal, oomKilled, lost }: Exit): string {
  if (lost !== undefined) return `out of sight, ${lost}`;
  const how = exitCode !== null ? `exit code ${exitCode}` : signal !== null ? signal : "nobody saw how";
  return oomKilled ? `${how}, out of memory` : how;
}
