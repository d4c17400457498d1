import type { Instance, Place, Runtime } from "../../runtime/types.ts";
import { openRuntimeOf } from "../runtimes.ts";
import type { FoundRun } from "../state/find.ts";
import { identityOf } from "../state/identity.ts";
import { hasEnded } from "../state/users.ts";

/** Keeps the log files of a run up to date while somebody reads them. */
export interface LiveLogs {
  /** Until now. */
  catchUp(): Promise<void>;
  close(): Promise<void>;
}

const nothing: LiveLogs = { catchUp: async () => {}, close: async () => {} };

/**
 * Containers write into their engine; the files grow only while somebody follows them, and nobody may since `up` has
 * returned. What the files hold is shown in any case: an engine that is gone is no reason to show nothing.
 */
export async function liveLogs({ dir, record }: FoundRun, services: readonly string[]): Promise<LiveLogs> {
  if (record.runtime === "process" || hasEnded(record)) return nothing;
  let runtime: Runtime | undefined;
  let place: Place | undefined;
  const instances: Instance[] = [];
  const close = async (): Promise<void> => {
    for (const instance of instances) instance.close();
    await place?.close();
    await runtime?.close();
  };
  try {
    runtime = await openRuntimeOf(dir, record);
    place = runtime.open(identityOf(dir, record));
    for (const { name, instance } of record.units) {
      const adopted = instance && services.includes(name) ? await place.adopt(instance) : undefined;
      if (adopted !== undefined) instances.push(adopted);
    }
  } catch {
    await close();
    return nothing;
  }
  return {
    catchUp: async () => {
      await Promise.all(instances.map((instance) => instance.catchUpLog?.()));
    },
    close,
  };
}
