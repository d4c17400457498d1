import { RollcallError } from "../../errors/rollcall-error.ts";
import type { Stack } from "../../stack/types.ts";
import { openRuntimeOf } from "../runtimes.ts";
import { findLiveRun } from "../state/find.ts";
import { identityOf } from "../state/identity.ts";

/**
 * Runs a command where a service runs, with this process's own streams; its exit code, or undefined when the stack is
 * not up. Throws NOT_RUNNING when only the service is not.
 */
export async function execIn(
  stack: Pick<Stack, "dir" | "name">,
  service: string,
  argv: readonly string[],
  options: { readonly name?: string; readonly signal?: AbortSignal } = {},
): Promise<number | undefined> {
  const found = await findLiveRun(stack, options.name ?? stack.name);
  if (found === undefined) return undefined;
  const { dir, record } = found;
  const runtime = await openRuntimeOf(dir, record);
  const place = runtime.open(identityOf(dir, record));
  try {
    const unit = record.units.find((each) => each.name === service);
    const instance = unit?.instance ? await place.adopt(unit.instance) : undefined;
    if (instance === undefined) {
      throw new RollcallError("NOT_RUNNING", {
        service,
        message: `${service} of ${record.name} is not running.`,
      });
    }
    try {
      const signal = options.signal ?? new AbortController().signal;
      return (await instance.exec(argv, { signal, stdio: "inherit" })).exitCode;
    } finally {
      instance.close();
    }
  } finally {
    await place.close();
    await runtime.close();
  }
}
