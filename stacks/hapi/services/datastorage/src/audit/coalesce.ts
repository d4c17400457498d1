import { DatabaseFailure } from "../database/failure.ts";
import type { AuditEvent } from "./event.ts";
import type { InsertEvents } from "./store.ts";

const STATEMENTS_AT_ONCE = 4;
const EVENTS_A_STATEMENT = 200;
/** Larger batches have a statement of their own. */
const SMALL = 20;

interface Job {
  readonly events: readonly AuditEvent[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Lets callers that come at the same time share a statement, which costs PostgreSQL far less than one each. Everybody
 * still waits for the commit of their own events. When a shared statement is refused, each goes alone; when
 * PostgreSQL is away, those who wait are told at once.
 */
export function coalesce(insert: InsertEvents): InsertEvents {
  const waiting: Job[] = [];
  let running = 0;

  const next = () => {
    while (running < STATEMENTS_AT_ONCE && waiting.length > 0) {
      running++;
      void runTogether(insert, takeTogether(waiting), (error) => {
        for (const job of waiting.splice(0)) job.reject(error);
      }).finally(() => {
        running--;
        next();
      });
    }
  };
  return (events) => {
    if (events.length > SMALL) return insert(events);
    return new Promise((resolve, reject) => {
      waiting.push({ events, resolve, reject });
      next();
    });
  };
}

function takeTogether(waiting: Job[]): Job[] {
  let count = 0;
  let jobs = 0;
  while (jobs < waiting.length) {
    count += waiting[jobs]?.events.length ?? 0;
    if (jobs > 0 && count > EVENTS_A_STATEMENT) break;
    jobs++;
  }
  return waiting.splice(0, jobs);
}

/** Settles every job. Never rejects. */
async function runTogether(
  insert: InsertEvents,
  jobs: readonly Job[],
  onAway: (error: DatabaseFailure) => void,
): Promise<void> {
  try {
    await insert(jobs.flatMap(({ events }) => events));
    for (const job of jobs) job.resolve();
  } catch (error) {
    const away = error instanceof DatabaseFailure && error.kind === "unavailable";
    if (away) onAway(error);
    if (away || jobs.length === 1) {
      for (const job of jobs) job.reject(error);
      return;
    }
    await Promise.all(jobs.map((job) => insert(job.events).then(job.resolve, job.reject)));
  }
}
