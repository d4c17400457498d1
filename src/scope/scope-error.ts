import { RollcallError } from "../errors/rollcall-error.ts";

/** What a server said no to, as an error that says what was being done. */
export function asScopeError(error: unknown, doing: string): RollcallError {
  if (error instanceof RollcallError) return error;
  const reason = error instanceof Error ? error.message || error.name : String(error);
  return new RollcallError("SCOPE_FAILED", { message: `Could not ${doing}: ${reason}.`, cause: error });
}
