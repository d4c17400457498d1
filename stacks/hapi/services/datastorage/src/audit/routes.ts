import type { ErrorObject } from "ajv";
import type { Database } from "../database/database.ts";
import { type Call, isObject, type Operation, operation, withoutNulls } from "../http/operation.ts";
import { badRequest, Problem, validationProblem } from "../http/problem.ts";
import { compileBody, fieldErrors } from "../http/validation.ts";
import { type Metrics, measureQuery } from "../metrics.ts";
import { type AuditEvent, type AuditEventRequest, completeEvent, timestampProblem } from "./event.ts";
import { parseMoment } from "./moment.ts";
import { type EventFilter, readEvents } from "./read.ts";
import { auditQuery, auditSchemas } from "./schema.ts";
import { ParentMissing } from "./store.ts";
import type { WriteEvents } from "./writer.ts";

const RESOURCE = "audit_event";
const BATCH_PATH = "/api/v1/audit/events/batch";
const exactAt = ([key]: readonly string[]) => key === "event_data";

interface AuditOptions {
  readonly database: Database;
  readonly metrics: Metrics;
  readonly write: WriteEvents;
}

const validate = compileBody(auditSchemas.AuditEventRequest);

export function auditOperations(options: AuditOptions): Operation[] {
  return [createOne(options), createBatch(options), list(options)];
}

function createOne({ write }: AuditOptions): Operation {
  return operation({
    method: "POST",
    path: "/api/v1/audit/events",
    operationId: "createAuditEvent",
    summary: "Writes one audit event; it is readable once this has answered 201.",
    tag: "audit",
    resource: RESOURCE,
    body: { schema: auditSchemas.AuditEventRequest, required: true, exactAt, validated: false },
    responses: {
      201: { description: "Written.", schema: auditSchemas.AuditEventCreated },
      202: { description: "Kept until the database is back.", schema: auditSchemas.AuditAccepted },
    },
    problems: [400, 413, 415, 500],
    handle: async ({ body, path }) => {
      const event = checkEvent(body, { instance: path, prefix: "" });
      const outcome = await writeOrExplain(write, [event], path, () => "");
      if (outcome === "queued") return accepted("audit event queued for async processing");
      const { event_id, event_timestamp } = event;
      return {
        status: 201,
        body: { event_id, event_timestamp, message: "Audit event created successfully" },
      };
    },
  });
}

function createBatch({ write }: AuditOptions): Operation {
  return operation({
    method: "POST",
    path: BATCH_PATH,
    operationId: "createAuditEvents",
    summary: "Writes audit events in one transaction: all or none.",
    tag: "audit",
    resource: RESOURCE,
    body: { schema: auditSchemas.AuditEventBatch, required: true, exactAt, validated: false },
    responses: {
      201: { description: "Written.", schema: auditSchemas.AuditEventsCreated },
      202: { description: "Kept until the database is back.", schema: auditSchemas.AuditAccepted },
    },
    problems: [400, 413, 415, 500],
    handle: async ({ body, path }: Call) => {
      if (!Array.isArray(body))
        throw new Problem(400, "invalid_request", "the body must be a JSON array of audit events");
      if (body.length === 0) throw new Problem(400, "invalid_request", "batch cannot be empty");
      const prefix = (index: number) => `event at index ${index}: `;
      const events = body.map((item, index) => checkEvent(item, { instance: path, prefix: prefix(index) }));
      const outcome = await writeOrExplain(write, events, path, prefix);
      if (outcome === "queued") return accepted(`${events.length} audit events queued for async processing`);
      return {
        status: 201,
        body: {
          event_ids: events.map((event) => event.event_id),
          message: `${events.length} audit events created successfully`,
        },
      };
    },
  });
}

function accepted(message: string) {
  return { status: 202, body: { status: "accepted", message } };
}

/** @throws Problem */
function checkEvent(
  body: unknown,
  { instance, prefix }: { readonly instance: string; readonly prefix: string },
): AuditEvent {
  const required = auditSchemas.AuditEventRequest.required;
  const request = withoutNulls(body, required);
  if (!validate(request)) {
    const errors = fieldErrors(validate.errors as ErrorObject[]);
    // Missing is missing; anything but an object has a problem of its own.
    const only = [...errors.keys()].every((field) => field === "event_data");
    if (only && isObject(request) && Object.hasOwn(request, "event_data")) {
      throw new Problem(400, "invalid_event_data", `${prefix}event_data must be a JSON object`);
    }
    throw validationProblem(errors, { resource: RESOURCE, instance, prefix });
  }
  const event = request as AuditEventRequest;
  const late = timestampProblem(event.event_timestamp, Date.now());
  if (late !== undefined) {
    throw validationProblem(new Map([["event_timestamp", late]]), { resource: RESOURCE, instance, prefix });
  }
  return completeEvent(event);
}

async function writeOrExplain(
  write: WriteEvents,
  events: readonly AuditEvent[],
  instance: string,
  prefixOf: (index: number) => string,
) {
  try {
    return await write(events);
  } catch (error) {
    if (!(error instanceof ParentMissing)) throw error;
    const errors = new Map([["parent_event_id", "must be the id of an existing event"]]);
    throw validationProblem(errors, { resource: RESOURCE, instance, prefix: prefixOf(error.index) });
  }
}

function list({ database, metrics }: AuditOptions): Operation {
  return operation<never, Partial<EventFilter>>({
    method: "GET",
    path: "/api/v1/audit/events",
    operationId: "listAuditEvents",
    summary: "Audit events, newest first.",
    tag: "audit",
    resource: RESOURCE,
    query: auditQuery,
    responses: { 200: { description: "One page.", schema: auditSchemas.AuditEventList } },
    problems: [400, 500, 503],
    handle: async ({ query }) => {
      const filter = {
        ...query,
        since: momentOf("since", query.since),
        until: momentOf("until", query.until),
        limit: query.limit ?? 100,
        offset: query.offset ?? 0,
      };
      const { data, total } = await measureQuery(metrics, "list_audit_events", () =>
        readEvents(database, filter),
      );
      const { limit, offset } = filter;
      const pagination = { limit, offset, total, has_more: offset + data.length < total };
      return { status: 200, body: { data, pagination } };
    },
  });
}

function momentOf(name: string, text: string | undefined): string | undefined {
  if (text === undefined || text === "") return undefined;
  const moment = parseMoment(text, Date.now());
  if (moment !== undefined) return moment;
  throw badRequest(
    `${name} must be a span such as 24h, an RFC 3339 timestamp or a date, got ${JSON.stringify(text.slice(0, 100))}`,
  );
}
