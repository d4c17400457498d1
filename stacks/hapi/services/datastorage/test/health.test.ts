import { expect, test } from "vitest";
import { useService } from "./rig/running.ts";
import { auditEvent, workflow } from "./rig/samples.ts";

const running = useService();

test("the health endpoints say exactly what the contract says", async () => {
  const { client } = running.service;
  const answers = await Promise.all(
    ["/health", "/health/ready", "/health/live"].map((path) => client.get(path)),
  );
  expect(answers.map(({ status, body }) => [status, body])).toEqual([
    [200, { status: "healthy", database: "connected" }],
    [200, { status: "ready" }],
    [200, { status: "alive" }],
  ]);
  expect(answers[0]?.headers.get("content-type")).toContain("application/json");
});

test("both ports serve the metrics that the contract names", async () => {
  const { client, url, metricsUrl } = running.service;
  await client.post("/api/v1/workflows", workflow());
  await client.post("/api/v1/workflows", {});
  await client.get("/api/v1/workflows");
  await client.post("/api/v1/audit/events", auditEvent());
  for (const base of [url, metricsUrl]) {
    const response = await fetch(`${base}/metrics`);
    expect(response.headers.get("content-type")).toContain("text/plain");
    const text = await response.text();
    expect(text).toContain('datastorage_write_total{table="audit_events",status="success"}');
    expect(text).toContain(
      'datastorage_write_total{table="remediation_workflow_catalog",status="success"} 1',
    );
    expect(text).toContain('datastorage_write_duration_seconds_count{table="audit_events"}');
    expect(text).toContain('datastorage_query_total{operation="list_workflows",status="success"} 1');
    expect(text).toContain('datastorage_query_duration_seconds_count{operation="list_workflows"} 1');
    expect(text).toContain('datastorage_audit_traces_total{service="gateway",status="success"} 1');
    expect(text).toMatch(/datastorage_dlq_depth\{stream="audit:dlq:events"\} \d+/);
    expect(text).toContain("# TYPE datastorage_dlq_enqueue_total counter");
    expect(text).toContain(
      'datastorage_validation_failures_total{field="workflow_name",reason="required"} 1',
    );
  }
});

test("the metrics port serves nothing else", async () => {
  const response = await fetch(`${running.service.metricsUrl}/health`);
  expect(response.status).toBe(404);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
});

test("HEAD works where GET does", async () => {
  const answer = await running.service.client.send("HEAD", "/health");
  expect([answer.status, answer.text]).toEqual([200, ""]);
});

test("an unknown path is a 404 problem, a known path with another method a 405 with Allow", async () => {
  const { client } = running.service;
  const missing = await client.get("/api/v2/nothing");
  expect(missing.status).toBe(404);
  expect(missing.body.type).toBe("https://kubernaut.ai/problems/not-found");
  const wrong = await client.send("DELETE", "/api/v1/workflows");
  expect(wrong.status).toBe(405);
  expect(wrong.headers.get("allow")).toBe("POST, GET, HEAD");
  expect(wrong.body.title).toBe("Method Not Allowed");
});

test("the document lists every endpoint with an id of its own", async () => {
  const { paths } = running.service.client.document;
  const ids = Object.values(paths).flatMap((operations) =>
    Object.values(operations).map(
      (operation) => (operation as unknown as { operationId: string }).operationId,
    ),
  );
  expect(new Set(ids).size).toBe(ids.length);
  expect(Object.keys(paths).sort()).toEqual([
    "/api/v1/audit/events",
    "/api/v1/audit/events/batch",
    "/api/v1/workflows",
    "/api/v1/workflows/by-name/{workflow_name}/versions",
    "/api/v1/workflows/search",
    "/api/v1/workflows/{workflow_id}",
    "/api/v1/workflows/{workflow_id}/disable",
    "/health",
    "/health/live",
    "/health/ready",
    "/metrics",
  ]);
});

test("the document refers to nothing that it does not hold", async () => {
  const { document } = running.service.client;
  const referred = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)];
  expect(referred.length).toBeGreaterThan(0);
  for (const [, name = ""] of referred) expect(document.components.schemas).toHaveProperty(name);
});
