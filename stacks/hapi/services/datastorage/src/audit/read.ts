import type { Database } from "../database/database.ts";

export interface EventFilter {
  readonly correlation_id?: string | undefined;
  readonly event_type?: string | undefined;
  readonly event_category?: string | undefined;
  readonly event_outcome?: string | undefined;
  readonly severity?: string | undefined;
  /** RFC 3339, both inclusive. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly limit: number;
  readonly offset: number;
}

const EQUAL = ["correlation_id", "event_type", "event_category", "event_outcome", "severity"] as const;
const ROW = `event_id, event_timestamp, event_date, event_type, version, event_category, event_action,
  event_outcome, correlation_id, parent_event_id, parent_event_date,
  coalesce(resource_type, '') AS resource_type, coalesce(resource_id, '') AS resource_id,
  coalesce(namespace, '') AS namespace, coalesce(cluster_name, '') AS cluster_name,
  coalesce(severity, '') AS severity, coalesce(duration_ms, 0) AS duration_ms,
  coalesce(error_code, '') AS error_code, coalesce(error_message, '') AS error_message,
  coalesce(actor_id, '') AS actor_id, coalesce(actor_type, '') AS actor_type,
  retention_days, is_sensitive, event_data`;

export async function readEvents({ query }: Database, filter: EventFilter) {
  const values: unknown[] = [];
  const conditions = EQUAL.flatMap((column) => {
    const value = filter[column];
    return value === undefined || value === "" ? [] : [`${column} = $${values.push(value)}`];
  });
  // event_date is the day of event_timestamp in UTC: naming it too spares the partitions of other months.
  if (filter.since !== undefined) {
    const place = `$${values.push(filter.since)}::timestamptz`;
    conditions.push(`event_timestamp >= ${place} AND event_date >= (${place} AT TIME ZONE 'UTC')::date`);
  }
  if (filter.until !== undefined) {
    const place = `$${values.push(filter.until)}::timestamptz`;
    conditions.push(`event_timestamp <= ${place} AND event_date <= (${place} AT TIME ZONE 'UTC')::date`);
  }
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
  const [data, counted] = await Promise.all([
    query({
      text: `SELECT ${ROW} FROM audit_events ${where}
             ORDER BY event_timestamp DESC, event_id DESC LIMIT $${values.length + 1} OFFSET $${values.length + 2}`,
      values: [...values, filter.limit, filter.offset],
    }),
    query<{ total: number }>({ text: `SELECT count(*) AS total FROM audit_events ${where}`, values }),
  ]);
  return { data, total: counted[0]?.total ?? 0 };
}
