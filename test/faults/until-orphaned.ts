import type { ChildProcess } from "node:child_process";

/**
 * The script of a command that ends once rollcall, which started it, has ended: its stdin is rollcall's own. Asking for
 * the parent's pid would not do: rollcall may have been killed before the script asks for the first time.
 */
export const untilOrphaned = "process.stdin.on('end', () => process.exit()).resume()";

/** Closes what `untilOrphaned` waits for: call it on every rollcall that is started with a pipe as its stdin. */
export function closeStdinWith(rollcall: ChildProcess): void {
  rollcall.once("exit", () => rollcall.stdin?.end());
}
