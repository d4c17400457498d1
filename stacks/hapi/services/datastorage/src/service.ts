import type { Server } from "node:http";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { coalesce } from "./audit/coalesce.ts";
import { createDeadLetterQueue } from "./audit/dlq.ts";
import { createOwnEvents } from "./audit/own-events.ts";
import { createPartitions } from "./audit/partitions.ts";
import { auditOperations } from "./audit/routes.ts";
import { auditSchemas } from "./audit/schema.ts";
import { createInsert } from "./audit/store.ts";
import { startWorker } from "./audit/worker.ts";
import { createWriter } from "./audit/writer.ts";
import type { Config } from "./config.ts";
import { openDatabase } from "./database/database.ts";
import { createSimilarity } from "./embedding/similarity.ts";
import { createApp } from "./http/app.ts";
import { healthOperations, healthSchemas } from "./http/health.ts";
import { createMetricsServer } from "./http/metrics-server.ts";
import type { Operation } from "./http/operation.ts";
import { createMetrics } from "./metrics.ts";
import { openApiDocument } from "./openapi.ts";
import { createRedis } from "./redis.ts";
import { workflowOperations } from "./workflows/routes.ts";
import { workflowSchemas } from "./workflows/schema.ts";

export interface Service {
  readonly app: FastifyInstance;
  readonly metricsServer: Server;
  /** Connects to Redis and begins to work off the dead-letter stream. */
  start(): Promise<void>;
  /** Readiness turns 503, requests under way finish, then everything is closed. */
  stop(): Promise<void>;
}

/** How long readiness says "shutting_down" at least, so that somebody can see it. */
const SEEN_MS = 100;

export function createService(config: Config, log: Logger): Service {
  const traffic = { stopping: false, underWay: 0, idle: () => {} };
  const database = openDatabase(config, log);
  const redis = createRedis(config, log);
  const metrics = createMetrics();
  const queue = createDeadLetterQueue(redis, metrics);
  Object.assign(metrics.dlqDepth, { collect: () => queue.measure() });
  const insert = createInsert(database, createPartitions(database));
  const write = createWriter({ insert: coalesce(insert), queue, metrics, log });
  const ownEvents = createOwnEvents(write, log);
  const schemas = workflowSchemas(config.labelWildcards);
  const { embeddingUrl: url, labelWildcards: mode } = config;
  const similarity = url === undefined ? undefined : createSimilarity({ url, redis, log });
  const operations: Operation[] = [
    ...healthOperations({ database, metrics, stopping: () => traffic.stopping }),
    ...workflowOperations({ database, metrics, mode, schemas, similarity, ownEvents }),
    ...auditOperations({ database, metrics, write }),
  ];
  const app = createApp({ operations, log, metrics });
  const document = openApiDocument(operations, { ...healthSchemas, ...schemas, ...auditSchemas });
  app.get("/openapi.json", () => document);
  countTraffic(app, traffic);
  const metricsServer = createMetricsServer(metrics);
  let stopWorker = async () => {};

  return {
    app,
    metricsServer,
    async start() {
      await redis.connect();
      stopWorker = startWorker({ queue, insert, log });
    },
    async stop() {
      await drain(traffic);
      const closed = app.close();
      app.server.closeAllConnections();
      metricsServer.close();
      metricsServer.closeAllConnections();
      await Promise.all([closed, stopWorker(), ownEvents.close()]);
      redis.disconnect();
      await database.close();
    },
  };
}

interface Traffic {
  stopping: boolean;
  underWay: number;
  idle: () => void;
}

function countTraffic(app: FastifyInstance, traffic: Traffic): void {
  // On the server, before Fastify: its hooks do not see every request that is answered.
  app.server.prependListener("request", (_request, response) => {
    traffic.underWay++;
    if (traffic.stopping) response.setHeader("connection", "close");
    response.once("close", () => {
      traffic.underWay--;
      if (traffic.underWay === 0) traffic.idle();
    });
  });
}

/** Readiness turns 503, the listener stays until the requests under way have been answered. */
async function drain(traffic: Traffic): Promise<void> {
  traffic.stopping = true;
  await new Promise((resolve) => setTimeout(resolve, SEEN_MS));
  if (traffic.underWay === 0) return;
  await new Promise<void>((resolve) => {
    traffic.idle = resolve;
  });
}
