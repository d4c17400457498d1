export const CATEGORIES = [
  "gateway",
  "notification",
  "analysis",
  "signalprocessing",
  "workflow",
  "execution",
  "orchestration",
] as const;
export const OUTCOMES = ["success", "failure", "pending"] as const;
export const RETENTION_DAYS = 2555;

const text = { type: "string" } as const;
const uuid = { type: "string", format: "uuid" } as const;
const time = { type: "string", format: "date-time" } as const;
const free = { type: "object", additionalProperties: true } as const;
const filled = (maxLength: number) => ({ type: "string", minLength: 1, maxLength });
/** As long as the names that Kubernetes allows; indexed columns cannot hold texts of any length. */
const note = { type: "string", maxLength: 255, nullable: true } as const;
const milliseconds = {
  type: "integer",
  format: "int64",
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
} as const;
const category = { type: "string", enum: CATEGORIES } as const;
const outcome = { type: "string", enum: OUTCOMES } as const;

const AuditEventRequest = {
  type: "object",
  required: [
    "version",
    "event_type",
    "event_timestamp",
    "event_category",
    "event_action",
    "event_outcome",
    "correlation_id",
    "event_data",
  ],
  properties: {
    version: filled(20),
    event_type: filled(100),
    event_timestamp: time,
    event_category: category,
    event_action: filled(50),
    event_outcome: outcome,
    correlation_id: filled(255),
    event_data: free,
    actor_type: note,
    actor_id: note,
    resource_type: note,
    resource_id: note,
    parent_event_id: { ...uuid, nullable: true },
    namespace: note,
    cluster_name: note,
    severity: note,
    duration_ms: { ...milliseconds, nullable: true },
  },
  additionalProperties: true,
} as const;

const row = {
  event_id: uuid,
  event_timestamp: time,
  event_date: { type: "string", format: "date" },
  event_type: text,
  version: text,
  event_category: category,
  event_action: text,
  event_outcome: outcome,
  correlation_id: text,
  parent_event_id: { ...uuid, nullable: true },
  parent_event_date: { type: "string", format: "date", nullable: true },
  resource_type: text,
  resource_id: text,
  namespace: text,
  cluster_name: text,
  severity: text,
  duration_ms: { type: "integer", format: "int64" },
  error_code: text,
  error_message: text,
  actor_id: text,
  actor_type: text,
  retention_days: { type: "integer", format: "int32" },
  is_sensitive: { type: "boolean" },
  event_data: free,
} as const;

const AuditEvent = { type: "object", required: Object.keys(row), properties: row } as const;

export const auditSchemas = {
  AuditEventRequest,
  AuditEventBatch: { type: "array", minItems: 1, items: AuditEventRequest },
  AuditEventCreated: {
    type: "object",
    required: ["event_id", "event_timestamp", "message"],
    properties: { event_id: uuid, event_timestamp: time, message: text },
  },
  AuditEventsCreated: {
    type: "object",
    required: ["event_ids", "message"],
    properties: { event_ids: { type: "array", items: uuid }, message: text },
  },
  AuditAccepted: {
    type: "object",
    required: ["status", "message"],
    properties: { status: { type: "string", enum: ["accepted"] }, message: text },
  },
  AuditEvent,
  AuditEventList: {
    type: "object",
    required: ["data", "pagination"],
    properties: {
      data: { type: "array", items: AuditEvent },
      pagination: {
        type: "object",
        required: ["limit", "offset", "total", "has_more"],
        properties: {
          limit: { type: "integer" },
          offset: { type: "integer", format: "int64" },
          total: { type: "integer", format: "int64" },
          has_more: { type: "boolean" },
        },
      },
    },
  },
} as const;

const moment = {
  type: "string",
  description: 'A span back from now ("24h", "7d", "30m"), RFC 3339, or a date.',
};

export const auditQuery = {
  properties: {
    correlation_id: text,
    event_type: text,
    event_category: category,
    event_outcome: outcome,
    severity: text,
    since: moment,
    until: moment,
    limit: { type: "integer", minimum: 1, maximum: 1000, default: 100 },
    offset: { type: "integer", format: "int64", minimum: 0, maximum: Number.MAX_SAFE_INTEGER, default: 0 },
  },
} as const;
