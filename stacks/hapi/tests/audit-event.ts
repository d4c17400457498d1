import { randomUUID } from "node:crypto";

/** A whole event of a correlation of its own; whatever is given wins. */
export function auditEvent(given: Readonly<Record<string, unknown>> & { correlation_id?: string } = {}) {
  return {
    version: "1.0",
    event_type: "analysis.investigation.completed",
    event_timestamp: new Date().toISOString(),
    event_category: "analysis",
    event_action: "completed",
    event_outcome: "success",
    correlation_id: randomUUID() as string,
    event_data: {},
    ...given,
  };
}
