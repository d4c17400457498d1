import { RollcallError } from "../../errors/rollcall-error.ts";
import { acquireLock, type Lock, type LockHolder } from "./lock.ts";

interface Wanted {
  readonly stackDir: string;
  readonly name: string;
  readonly doing: string;
  readonly signal: AbortSignal;
  /** Longest wait, in milliseconds; undefined: as long as it takes. */
  readonly limitMs?: number;
  readonly onWait: (holder: LockHolder) => void;
}

/** The lock, or LOCKED naming its holder once the wait has been too long; an abort ends only a wait, with its reason. */
export async function lockRun(wanted: Wanted): Promise<Lock> {
  const limit = new AbortController();
  let holder: LockHolder | undefined;
  const timer = setTimeout(() => limit.abort(), wanted.limitMs ?? 0x7fffffff);
  if (wanted.limitMs === undefined) clearTimeout(timer);
  try {
    return await acquireLock({
      ...wanted,
      signal: AbortSignal.any([wanted.signal, limit.signal]),
      onWait(found) {
        holder = found;
        wanted.onWait(found);
      },
    });
  } catch (error) {
    if (wanted.signal.aborted) throw interruption(wanted.signal.reason);
    if (!limit.signal.aborted) throw error;
    throw new RollcallError("LOCKED", {
      message: `Process ${holder?.pid ?? "unknown"} is ${holder?.doing ?? "at work"} (${wanted.name}), and did not end within ${wanted.limitMs} ms.`,
    });
  } finally {
    clearTimeout(timer);
  }
}

/** Throws for whoever was interrupted before anything has been done. */
export function throwIfInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw interruption(signal.reason);
}

export function interruption(reason: unknown): RollcallError {
  return reason instanceof RollcallError ? reason : new RollcallError("INTERRUPTED", { cause: reason });
}
