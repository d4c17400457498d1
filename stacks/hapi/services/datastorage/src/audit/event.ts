import { randomUUID } from "node:crypto";
import { normaliseTimestamp } from "../timestamp.ts";
import { auditSchemas, RETENTION_DAYS } from "./schema.ts";

/** An event as clients send it, after validation. */
export interface AuditEventRequest {
  readonly version: string;
  readonly event_type: string;
  readonly event_timestamp: string;
  readonly event_category: string;
  readonly event_action: string;
  readonly event_outcome: string;
  readonly correlation_id: string;
  readonly event_data: object;
  readonly actor_type?: string;
  readonly actor_id?: string;
  readonly resource_type?: string;
  readonly resource_id?: string;
  readonly parent_event_id?: string;
  readonly namespace?: string;
  readonly cluster_name?: string;
  readonly severity?: string;
  readonly duration_ms?: number;
}

/** A row to be written: everything is decided, so that writing it twice is writing it once. */
export interface AuditEvent extends AuditEventRequest {
  readonly event_id: string;
  /** In UTC, "YYYY-MM-DD". */
  readonly event_date: string;
  readonly parent_event_date?: string;
  readonly actor_type: string;
  readonly actor_id: string;
  readonly resource_type: string;
  readonly resource_id: string;
  readonly severity: string;
  readonly retention_days: number;
}

const AHEAD_MS = 5 * 60_000;
const BEHIND_MS = 7 * 24 * 60 * 60_000;

/** @returns what is wrong with the time of the event, or undefined. */
export function timestampProblem(text: string, nowMs: number): string | undefined {
  const epochMs = normaliseTimestamp(text)?.epochMs ?? Number.NaN;
  if (epochMs - nowMs > AHEAD_MS) return "must not be more than 5 minutes in the future";
  if (nowMs - epochMs > BEHIND_MS) return "must not be older than 7 days";
  return undefined;
}

export function completeEvent(request: AuditEventRequest): AuditEvent {
  const timestamp = normaliseTimestamp(request.event_timestamp);
  if (timestamp === undefined)
    throw new Error(`Internal error: ${request.event_timestamp} was not validated`);
  const { event_category: category } = request;
  return {
    ...known(request),
    event_id: randomUUID(),
    event_timestamp: timestamp.text,
    event_date: timestamp.date,
    actor_type: request.actor_type || "service",
    actor_id: request.actor_id || `${category}-service`,
    resource_type: request.resource_type || category,
    resource_id: request.resource_id || request.correlation_id,
    severity: request.severity || "info",
    retention_days: RETENTION_DAYS,
  };
}

const KNOWN: ReadonlySet<string> = new Set(Object.keys(auditSchemas.AuditEventRequest.properties));

/** Unknown properties are accepted, not kept: some bear names of columns. */
function known(request: AuditEventRequest): AuditEventRequest {
  return Object.fromEntries(
    Object.entries(request).filter(([key]) => KNOWN.has(key)),
  ) as unknown as AuditEventRequest;
}
