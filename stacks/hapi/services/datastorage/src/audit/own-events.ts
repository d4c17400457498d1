import type { Logger } from "pino";
import type { SearchRequest, Workflow } from "../workflows/workflow.ts";
import { type AuditEvent, completeEvent } from "./event.ts";
import type { WriteEvents } from "./writer.ts";

const WRITE_EVERY_MS = 100;
const AT_ONCE = 500;
const MAX_WAITING = 20_000;

/**
 * What the service itself did, of category `workflow`, with the workflow's id or the search's remediation_id (else an
 * id of its own) as correlation_id. Written in the background: no request waits for it or fails by it.
 */
export interface OwnEvents {
  workflowCreated(workflow: Workflow): void;
  workflowUpdated(workflow: Workflow): void;
  searchCompleted(request: SearchRequest, results: number, durationMs: number): void;
  /** Writes what is waiting. */
  close(): Promise<void>;
}

export function createOwnEvents(write: WriteEvents, log: Logger): OwnEvents {
  const waiting: AuditEvent[] = [];
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  const flush = async () => {
    while (waiting.length > 0) {
      const events = waiting.splice(0, AT_ONCE);
      await write(events).catch((error: Error) => {
        log.error({ err: error.message, events: events.length }, "own audit events were lost");
      });
    }
  };
  const flushSoon = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      running = running.then(flush);
    }, WRITE_EVERY_MS);
  };
  const add = (event: OwnEvent) => {
    if (waiting.length >= MAX_WAITING)
      return log.error("own audit events come faster than they can be written");
    waiting.push(toEvent(event));
    flushSoon();
  };

  return {
    workflowCreated: (workflow) => add(ofWorkflow(workflow, "created")),
    workflowUpdated: (workflow) => add(ofWorkflow(workflow, "updated")),
    searchCompleted: (request, results, durationMs) =>
      add({
        event_type: "workflow.catalog.search_completed",
        event_action: "search",
        correlation_id: request.remediation_id,
        duration_ms: durationMs,
        event_data: { filters: request.filters, query: request.query ?? "", total_results: results },
      }),
    close: () => {
      clearTimeout(timer);
      running = running.then(flush);
      return running;
    },
  };
}

interface OwnEvent {
  readonly event_type: string;
  readonly event_action: string;
  readonly correlation_id: string | undefined;
  readonly resource_id?: string;
  readonly duration_ms?: number;
  readonly event_data: object;
}

function ofWorkflow(workflow: Workflow, action: "created" | "updated"): OwnEvent {
  const { workflow_id, workflow_name, version, status } = workflow;
  return {
    event_type: `workflow.catalog.${action}`,
    event_action: action,
    correlation_id: workflow_id,
    resource_id: workflow_id,
    event_data: { workflow_id, workflow_name, version, status },
  };
}

function toEvent(event: OwnEvent): AuditEvent {
  return completeEvent({
    ...event,
    version: "1.0",
    event_timestamp: new Date().toISOString(),
    event_category: "workflow",
    event_outcome: "success",
    correlation_id: event.correlation_id || crypto.randomUUID(),
    actor_id: "datastorage",
  });
}
