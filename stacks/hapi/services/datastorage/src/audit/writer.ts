import type { Logger } from "pino";
import { DatabaseFailure } from "../database/failure.ts";
import { Problem } from "../http/problem.ts";
import { type Metrics, measureWrite } from "../metrics.ts";
import type { DeadLetterQueue } from "./dlq.ts";
import type { AuditEvent } from "./event.ts";
import type { InsertEvents } from "./store.ts";

/** Writes events to PostgreSQL or, when that fails, to the stream. @throws ParentMissing, Problem, DatabaseFailure */
export type WriteEvents = (events: readonly AuditEvent[]) => Promise<"written" | "queued">;

interface WriterOptions {
  readonly insert: InsertEvents;
  readonly queue: DeadLetterQueue;
  readonly metrics: Metrics;
  readonly log: Logger;
}

export function createWriter({ insert, queue, metrics, log }: WriterOptions): WriteEvents {
  const count = (events: readonly AuditEvent[], status: string) => {
    for (const { event_category: service } of events) metrics.auditTraces.inc({ service, status });
  };
  return async (events) => {
    try {
      await measureWrite(metrics, { table: "audit_events", rows: events.length }, () => insert(events));
      count(events, "success");
      return "written";
    } catch (error) {
      if (!(error instanceof DatabaseFailure) || error.kind === "data" || error.kind === "unique") {
        count(events, "failure");
        throw error;
      }
      await enqueue(events, error);
      return "queued";
    }
  };

  async function enqueue(events: readonly AuditEvent[], cause: DatabaseFailure): Promise<void> {
    try {
      await queue.add(events, cause.message);
      count(events, "dlq");
    } catch (error) {
      count(events, "failure");
      log.error(
        { database: cause.message, redis: (error as Error).message },
        "an audit event could not be kept",
      );
      throw new Problem(
        500,
        "database_error",
        "neither the database nor the dead-letter stream took the event",
      );
    }
  }
}
