import type { Database, Query } from "../database/database.ts";
import { DatabaseFailure } from "../database/failure.ts";
import { stringifyJson } from "../json.ts";
import type { AuditEvent } from "./event.ts";
import type { Partitions } from "./partitions.ts";

/** Column, its type, and the value it takes from an event. */
const COLUMNS: readonly (readonly [string, string, (event: AuditEvent) => unknown])[] = [
  ["event_id", "uuid", (event) => event.event_id],
  ["event_timestamp", "timestamptz", (event) => event.event_timestamp],
  ["event_date", "date", (event) => event.event_date],
  ["event_type", "text", (event) => event.event_type],
  ["version", "text", (event) => event.version],
  ["event_category", "text", (event) => event.event_category],
  ["event_action", "text", (event) => event.event_action],
  ["event_outcome", "text", (event) => event.event_outcome],
  ["correlation_id", "text", (event) => event.correlation_id],
  ["parent_event_id", "uuid", (event) => event.parent_event_id ?? null],
  ["parent_event_date", "date", (event) => event.parent_event_date ?? null],
  ["resource_type", "text", (event) => event.resource_type],
  ["resource_id", "text", (event) => event.resource_id],
  ["namespace", "text", (event) => event.namespace ?? null],
  ["cluster_name", "text", (event) => event.cluster_name ?? null],
  ["severity", "text", (event) => event.severity],
  ["duration_ms", "bigint", (event) => event.duration_ms ?? null],
  ["actor_id", "text", (event) => event.actor_id],
  ["actor_type", "text", (event) => event.actor_type],
  ["retention_days", "integer", (event) => event.retention_days],
  ["event_data", "jsonb", (event) => stringifyJson(event.event_data)],
];
// One array a column: a batch of any size has the same number of parameters.
const INSERT = `INSERT INTO audit_events (${COLUMNS.map(([name]) => name).join(", ")})
  SELECT * FROM unnest(${COLUMNS.map(([, type], index) => `$${index + 1}::${type}[]`).join(", ")})
  ON CONFLICT DO NOTHING`;

export type InsertEvents = (events: readonly AuditEvent[]) => Promise<void>;

/** A parent that an event names is not there. */
export class ParentMissing extends Error {
  override readonly name = "ParentMissing";
  readonly index: number;
  constructor(index: number, parent: string) {
    super(`parent_event_id: there is no event ${parent}`);
    this.index = index;
  }
}

/**
 * Writes events, all or none; those that are there already stay as they are.
 * @throws ParentMissing, DatabaseFailure
 */
export function createInsert(database: Database, partitions: Partitions): InsertEvents {
  const insert = async (events: readonly AuditEvent[]) => {
    await partitions.ensure(events.map((event) => event.event_date));
    const complete = await withParents(database.query, events);
    await database.query({
      name: "audit_insert",
      text: INSERT,
      values: COLUMNS.map(([, , read]) => complete.map(read)),
    });
  };
  return async (events) => {
    try {
      await insert(events);
    } catch (error) {
      if (!(error instanceof DatabaseFailure) || error.kind !== "partition-missing") throw error;
      partitions.forget();
      await insert(events);
    }
  };
}

async function withParents(query: Query, events: readonly AuditEvent[]): Promise<readonly AuditEvent[]> {
  const wanted = [...new Set(events.flatMap((event) => event.parent_event_id ?? []))];
  if (wanted.length === 0) return events;
  const rows = await query<{ event_id: string; event_date: string }>({
    text: "SELECT event_id, event_date FROM audit_events WHERE event_id = ANY ($1::uuid[])",
    values: [wanted],
  });
  const dates = new Map(rows.map((row) => [row.event_id, row.event_date]));
  return events.map((event, index) => {
    if (event.parent_event_id === undefined) return event;
    const date = dates.get(event.parent_event_id.toLowerCase());
    if (date === undefined) throw new ParentMissing(index, event.parent_event_id);
    return { ...event, parent_event_date: date };
  });
}
