import type { EventBody, RunEvent } from "../journal/events.ts";
import type { Journal } from "../journal/journal.ts";
import type { Instance, Place, Runtime } from "../runtime/types.ts";
import type { GuardHold } from "./guard/guard.ts";
import type { UpRequest } from "./request.ts";
import type { RunRecord } from "./types.ts";

/** One process's use of a run that is up: all that its handle works with. */
export interface RunSession {
  readonly request: UpRequest;
  readonly dir: string;
  /** As it was when the use began; what may have changed since is read anew. */
  readonly record: RunRecord;
  readonly runtime: Runtime;
  readonly place: Place;
  readonly journal: Journal;
  readonly emit: (body: EventBody) => RunEvent;
  /** By unit: the services that run. A restart replaces an entry. */
  readonly instances: Map<string, Instance>;
  readonly hold: GuardHold | undefined;
  readonly attached: boolean;
}

/** Releases what this process holds; the run goes on. */
export async function closeSession(session: RunSession): Promise<void> {
  for (const instance of session.instances.values()) instance.close();
  await session.place.close();
  await session.runtime.close();
  await session.journal.close();
}
