import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const counter = <T extends string>(name: string, help: string, labelNames: readonly T[]) =>
    new Counter<T>({ name, help, labelNames, registers });
  const histogram = <T extends string>(name: string, help: string, labelNames: readonly T[]) =>
    new Histogram<T>({ name, help, labelNames, registers, buckets: SECONDS });

  return {
    registry,
    writes: counter("datastorage_write_total", "Rows written or refused.", ["table", "status"]),
    writeSeconds: histogram("datastorage_write_duration_seconds", "Time of a write.", ["table"]),
    queries: counter("datastorage_query_total", "Reads.", ["operation", "status"]),
    querySeconds: histogram("datastorage_query_duration_seconds", "Time of a read.", ["operation"]),
    auditTraces: counter(
      "datastorage_audit_traces_total",
      "Audit events by category and what became of them.",
      ["service", "status"],
    ),
    dlqDepth: new Gauge({
      name: "datastorage_dlq_depth",
      help: "Entries of the stream at the time of this look.",
      labelNames: ["stream"],
      registers,
    }),
    dlqEnqueued: counter("datastorage_dlq_enqueue_total", "Entries added to the stream.", ["stream", "type"]),
    validationFailures: counter("datastorage_validation_failures_total", "Requests refused by a rule.", [
      "field",
      "reason",
    ]),
  };
}

/** Measures a read and counts how it ended. */
export async function measureQuery<T>(
  metrics: Metrics,
  operation: string,
  work: () => Promise<T>,
): Promise<T> {
  const end = metrics.querySeconds.startTimer({ operation });
  try {
    const result = await work();
    metrics.queries.inc({ operation, status: "success" });
    return result;
  } catch (error) {
    metrics.queries.inc({ operation, status: "failure" });
    throw error;
  } finally {
    end();
  }
}

/** Measures a write and counts its rows. */
export async function measureWrite<T>(
  metrics: Metrics,
  { table, rows = 1 }: { readonly table: string; readonly rows?: number },
  work: () => Promise<T>,
): Promise<T> {
  const end = metrics.writeSeconds.startTimer({ table });
  try {
    const result = await work();
    metrics.writes.inc({ table, status: "success" }, rows);
    return result;
  } catch (error) {
    metrics.writes.inc({ table, status: "failure" }, rows);
    throw error;
  } finally {
    end();
  }
}
