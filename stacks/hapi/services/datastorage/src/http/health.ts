import type { Database } from "../database/database.ts";
import type { Metrics } from "../metrics.ts";
import { type Operation, operation } from "./operation.ts";

const ANSWER_WITHIN_MS = 2000;

const text = (values?: readonly string[]) => ({
  type: "string",
  ...(values === undefined ? {} : { enum: values }),
});
const object = (properties: Record<string, unknown>, required = Object.keys(properties)) => ({
  type: "object",
  properties,
  required,
});

export const healthSchemas = {
  Healthy: object({ status: text(["healthy"]), database: text(["connected"]) }),
  Unhealthy: object({ status: text(["unhealthy"]), database: text(["unreachable"]), error: text() }),
  Ready: object({ status: text(["ready"]) }),
  NotReady: object({
    status: text(["not_ready"]),
    reason: text(["shutting_down", "database_unreachable"]),
  }),
  Alive: object({ status: text(["alive"]) }),
} as const;

interface HealthOptions {
  readonly database: Database;
  readonly metrics: Metrics;
  readonly stopping: () => boolean;
}

export function healthOperations({ database, metrics, stopping }: HealthOptions): Operation[] {
  const common = { method: "GET", tag: "health", resource: "health", problems: [] } as const;
  return [
    operation({
      ...common,
      path: "/health",
      operationId: "getHealth",
      summary: "Whether the service can do its work.",
      responses: {
        200: { description: "It can.", schema: healthSchemas.Healthy },
        503: { description: "PostgreSQL does not answer.", schema: healthSchemas.Unhealthy },
      },
      handle: async () => {
        const seen = await database.answers(ANSWER_WITHIN_MS);
        return seen.ok
          ? { status: 200, body: { status: "healthy", database: "connected" } }
          : { status: 503, body: { status: "unhealthy", database: "unreachable", error: seen.error } };
      },
    }),
    operation({
      ...common,
      path: "/health/ready",
      operationId: "getReadiness",
      summary: "Whether requests may be sent here.",
      responses: {
        200: { description: "They may.", schema: healthSchemas.Ready },
        503: { description: "Not now.", schema: healthSchemas.NotReady },
      },
      handle: async () => {
        if (stopping()) return { status: 503, body: { status: "not_ready", reason: "shutting_down" } };
        const seen = await database.answers(ANSWER_WITHIN_MS);
        return seen.ok
          ? { status: 200, body: { status: "ready" } }
          : { status: 503, body: { status: "not_ready", reason: "database_unreachable" } };
      },
    }),
    operation({
      ...common,
      path: "/health/live",
      operationId: "getLiveness",
      summary: "Whether the process answers at all.",
      responses: { 200: { description: "It does.", schema: healthSchemas.Alive } },
      handle: async () => ({ status: 200, body: { status: "alive" } }),
    }),
    operation({
      ...common,
      path: "/metrics",
      operationId: "getMetrics",
      summary: "Metrics as Prometheus text; the same on the metrics port.",
      responses: { 200: { description: "Prometheus text." } },
      handle: async () => ({
        status: 200,
        body: await metrics.registry.metrics(),
        contentType: metrics.registry.contentType,
      }),
    }),
  ];
}
