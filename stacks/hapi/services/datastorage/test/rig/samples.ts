import { randomUUID } from "node:crypto";

export type Sample = Record<string, unknown>;

export function workflow(changes: Sample = {}): Sample {
  return {
    workflow_name: `workflow-${randomUUID()}`,
    version: "1.0.0",
    name: "Increase memory limits",
    description: "Raises the memory limit of the container that was killed.",
    content: "apiVersion: tekton.dev/v1\nkind: Pipeline\n",
    content_hash: "a".repeat(64),
    labels: labels(),
    execution_engine: "tekton",
    status: "active",
    ...changes,
  };
}

export function labels(changes: Sample = {}): Sample {
  return {
    signal_type: "OOMKilled",
    severity: "critical",
    component: "pod",
    environment: "production",
    priority: "P0",
    ...changes,
  };
}

export function auditEvent(changes: Sample = {}): Sample {
  return {
    version: "1.0",
    event_type: "gateway.signal.received",
    event_timestamp: new Date().toISOString(),
    event_category: "gateway",
    event_action: "received",
    event_outcome: "success",
    correlation_id: randomUUID(),
    event_data: { signal: "OOMKilled" },
    ...changes,
  };
}

/** A signal type nobody else uses: searches of one test see only its own workflows. */
export function uniqueSignal(): string {
  return `Signal${randomUUID().slice(0, 8)}`;
}
