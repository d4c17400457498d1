import { Counter, collectDefaultMetrics, Histogram, Registry } from "prom-client";

export interface Metrics {
  readonly contentType: string;
  counted(status: "success" | "invalid" | "error"): void;
  /** Time the model took for one request, its wait in the queue included. */
  took(seconds: number): void;
  render(): Promise<string>;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: "embedding_requests_total",
    help: "Requests to embed, by outcome.",
    labelNames: ["status"],
    registers: [registry],
  });
  for (const status of ["success", "invalid", "error"]) requests.inc({ status }, 0);
  const duration = new Histogram({
    name: "embedding_duration_seconds",
    help: "Seconds from a valid request to its embeddings.",
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  return {
    contentType: registry.contentType,
    counted: (status) => requests.inc({ status }),
    took: (seconds) => duration.observe(seconds),
    render: () => registry.metrics(),
  };
}
