import { createServer, type Server } from "node:http";
import type { Metrics } from "../metrics.ts";
import { PROBLEM_TYPE, Problem } from "./problem.ts";

/** Serves nothing but /metrics. */
export function createMetricsServer(metrics: Metrics): Server {
  return createServer((request, response) => {
    const path = request.url?.split("?", 1)[0];
    if (path !== "/metrics") {
      const { body } = new Problem(404, "not-found", "there is only /metrics here");
      response.writeHead(404, { "content-type": PROBLEM_TYPE }).end(JSON.stringify(body));
      return;
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      const { body } = new Problem(405, "bad-request", "only GET and HEAD are allowed here", {
        title: "Method Not Allowed",
      });
      response.writeHead(405, { "content-type": PROBLEM_TYPE, allow: "GET, HEAD" }).end(JSON.stringify(body));
      return;
    }
    metrics.registry.metrics().then(
      (text) => response.writeHead(200, { "content-type": metrics.registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
}
