import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { largestBatch, longestText, readEmbedRequest } from "./embed-request.ts";
import type { Embedder } from "./embedder.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { openApi } from "./open-api.ts";
import { readBody, TooLarge } from "./read-body.ts";

export const version = "0.1.0";
/** A full batch of the longest texts, each character escaped as a surrogate pair. */
const largestBodyBytes = largestBatch * longestText * 12 + 4096;

export interface Parts {
  readonly embedder: Embedder;
  readonly metrics: Metrics;
  readonly log: Log;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

type Route = (request: IncomingMessage) => Promise<Answer> | Answer;

export function createEmbeddingServer(parts: Parts): Server {
  const routes = createRoutes(parts);
  const server = createServer((request, response) => {
    const startedMs = performance.now();
    answer(routes, request, parts.log)
      .then((given) => {
        // Once it is closing, the answer is the last one on its connection.
        response.shouldKeepAlive &&= server.listening;
        send(request, response, given);
        parts.log("debug", "request", {
          method: request.method,
          path: request.url,
          status: given.status,
          ms: Math.round(performance.now() - startedMs),
        });
      })
      // One answer that cannot be sent must not end the service for everybody.
      .catch((error: unknown) => {
        parts.log("error", "the answer could not be sent", { reason: String(error) });
        response.destroy();
      });
  });
  return server;
}

function createRoutes(parts: Parts): Readonly<Record<string, Readonly<Record<string, Route>>>> {
  const { embedder, metrics } = parts;
  const { model, dimensions } = embedder;
  return {
    "/": { GET: () => ({ status: 200, body: describeService(model, dimensions) }) },
    "/health": { GET: () => ({ status: 200, body: { status: "healthy", model, dimensions } }) },
    "/metrics": {
      GET: async () => ({
        status: 200,
        body: await metrics.render(),
        headers: { "content-type": metrics.contentType },
      }),
    },
    "/openapi.json": { GET: () => ({ status: 200, body: openApi(version) }) },
    "/api/v1/embed": { POST: (request) => embed(parts, request) },
  };
}

async function embed({ embedder, metrics }: Parts, request: IncomingMessage): Promise<Answer> {
  const { model, dimensions } = embedder;
  const asked = readEmbedRequest(await readBody(request, largestBodyBytes));
  if (asked.kind === "invalid") {
    metrics.counted("invalid");
    return { status: 422, body: { detail: asked.detail } };
  }
  const startedMs = performance.now();
  try {
    const embeddings = await embedder.embed(asked.kind === "one" ? [asked.text] : asked.texts);
    metrics.counted("success");
    metrics.took((performance.now() - startedMs) / 1000);
    if (asked.kind === "batch") return { status: 200, body: { embeddings, dimensions, model } };
    return { status: 200, body: { embedding: embeddings[0], dimensions, model } };
  } catch (error) {
    metrics.counted("error");
    throw error;
  }
}

async function answer(
  routes: ReturnType<typeof createRoutes>,
  request: IncomingMessage,
  log: Log,
): Promise<Answer> {
  const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
  const methods = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (methods === undefined) return { status: 404, body: { detail: "Not Found" } };
  const method = request.method === "HEAD" ? "GET" : (request.method ?? "GET");
  const route = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (route === undefined) {
    const allow = Object.keys(methods).join(", ");
    return { status: 405, body: { detail: "Method Not Allowed" }, headers: { allow } };
  }
  try {
    return await route(request);
  } catch (error) {
    if (error instanceof TooLarge) {
      return { status: 413, body: { detail: error.message } };
    }
    // A client that hung up is nobody's failure.
    log(request.complete ? "error" : "debug", "request failed", { path, reason: String(error) });
    return { status: 500, body: { detail: "Internal Server Error" } };
  }
}

function send(request: IncomingMessage, response: ServerResponse, given: Answer): void {
  const text = typeof given.body === "string" ? given.body : JSON.stringify(given.body);
  response.writeHead(given.status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    ...given.headers,
  });
  response.end(request.method === "HEAD" ? undefined : text);
}

function describeService(model: string, dimensions: number): object {
  return {
    service: "embedding-service",
    version,
    model,
    dimensions,
    endpoints: {
      health: "GET /health",
      embed: "POST /api/v1/embed",
      metrics: "GET /metrics",
      openapi: "GET /openapi.json",
    },
  };
}
