import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { useService } from "./rig/running.ts";
import { auditEvent, labels, type Sample, workflow } from "./rig/samples.ts";

const running = useService();
const send = (method: string, path: string, sending: object) =>
  running.service.client.send(method, path, sending);

const ENDPOINTS = [
  ["POST", "/api/v1/workflows"],
  ["POST", "/api/v1/workflows/search"],
  ["POST", "/api/v1/audit/events"],
  ["POST", "/api/v1/audit/events/batch"],
  ["PATCH", `/api/v1/workflows/${randomUUID()}`],
  ["PATCH", `/api/v1/workflows/${randomUUID()}/disable`],
] as const;

// Nothing that a client sends may end the process.
afterEach(async () => {
  expect(running.service.child.exitCode).toBeNull();
  expect((await running.service.client.get("/health")).status).toBe(200);
});

describe.each(ENDPOINTS)("%s %s", (method, path) => {
  test.each<[string, string | Uint8Array, number]>([
    ["broken JSON", '{"a":', 400],
    ["a text", '"text"', 400],
    ["a number", "42", 400],
    ["a list of a number", "[1]", 400],
    ["invalid UTF-8", Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d), 400],
    ["U+0000", '{"workflow_name":"a\\u0000b"}', 400],
    ["a lone surrogate", '{"workflow_name":"\\ud800"}', 400],
    ["100 000 levels", `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`, 400],
    ["a huge exponent", '{"a":1e999999999}', 400],
    ["10 MB", JSON.stringify({ workflow_name: "x".repeat(10 * 1024 * 1024) }), 413],
  ])("%s is a problem", async (_, raw, expected) => {
    const { status, headers, body } = await send(method, path, { raw });
    expect([status, body.status]).toEqual([expected, expected]);
    expect(headers.get("content-type")).toBe("application/problem+json");
  });

  test("other media types and encodings are 415", async () => {
    expect(
      (
        await send(method, path, {
          raw: "a=1",
          headers: { "content-type": "application/x-www-form-urlencoded" },
        })
      ).status,
    ).toBe(415);
    expect((await send(method, path, { raw: "<a/>", headers: { "content-type": "text/xml" } })).status).toBe(
      415,
    );
    expect((await send(method, path, { raw: "{}", headers: { "content-encoding": "gzip" } })).status).toBe(
      415,
    );
  });
});

test("null and an empty body are problems where a body is needed", async () => {
  for (const [method, path] of ENDPOINTS.slice(0, 5)) {
    expect((await send(method, path, { raw: "null" })).status).toBe(400);
    expect((await send(method, path, {})).status).toBe(400);
  }
});

describe("SQL in every text is just a text", () => {
  const SQL = "'; DROP TABLE audit_events; --";

  test("of a workflow", async () => {
    const texts = Object.fromEntries(
      [
        "name",
        "description",
        "content",
        "execution_engine",
        "owner",
        "created_by",
        "container_image",
        "version_notes",
      ].map((key) => [key, SQL]),
    );
    const sent = workflow({
      ...texts,
      workflow_name: `${SQL}${randomUUID()}`,
      labels: labels({ signal_type: SQL, component: SQL, environment: SQL }),
      custom_labels: { [SQL]: [SQL] },
      parameters: { [SQL]: SQL },
    });
    const { status, body } = await send("POST", "/api/v1/workflows", { body: sent });
    expect(status).toBe(201);
    expect(body).toMatchObject(sent);
    const filters = labels({
      signal_type: SQL,
      component: SQL,
      environment: SQL,
      custom_labels: { [SQL]: [SQL] },
    });
    const found = await send("POST", "/api/v1/workflows/search", {
      body: { filters, query: SQL, remediation_id: SQL },
    });
    expect(found.body.workflows[0].final_score).toBe(0.505);
    const name = encodeURIComponent(String(sent["workflow_name"]));
    expect((await running.service.client.get(`/api/v1/workflows/by-name/${name}/versions`)).body.total).toBe(
      1,
    );
    const query = encodeURIComponent(SQL);
    expect(
      (await running.service.client.get(`/api/v1/workflows?environment=${query}&component=${query}`)).body
        .total,
    ).toBe(1);
  });

  test("of an event and of a query", async () => {
    const texts = Object.fromEntries(
      [
        "event_type",
        "event_action",
        "correlation_id",
        "actor_id",
        "resource_type",
        "resource_id",
        "namespace",
        "severity",
      ].map((key) => [key, SQL]),
    );
    const sent = auditEvent({ ...texts, event_data: { [SQL]: SQL } });
    expect((await send("POST", "/api/v1/audit/events", { body: sent })).status).toBe(201);
    const query = encodeURIComponent(SQL);
    const { body } = await running.service.client.get(
      `/api/v1/audit/events?correlation_id=${query}&event_type=${query}&severity=${query}`,
    );
    expect(body.data[0]).toMatchObject(sent);
    for (const name of ["since", "until", "limit", "offset", "event_category"]) {
      expect((await running.service.client.get(`/api/v1/audit/events?${name}=${query}`)).status).toBe(400);
    }
  });
});

test("paths and queries that cannot be read are 400", async () => {
  for (const path of [
    "/api/v1/workflows/%zz",
    "/api/v1/workflows/by-name/%ff/versions",
    "/api/v1/workflows/by-name/%00/versions",
    "/api/v1/workflows?status=%",
    "/api/v1/workflows?%00=1",
  ]) {
    const answer = await rawRequest(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer).toContain("application/problem+json");
  }
});

test("what is not HTTP gets a 400 and the next client its answer", async () => {
  for (const text of [
    "no http at all\r\n\r\n",
    "GET / HTTP/9.9\r\n\r\n",
    `GET / HTTP/1.1\r\nHost: x\r\nX: ${"y".repeat(100_000)}\r\n\r\n`,
  ]) {
    expect(await rawRequest(text)).toMatch(/^HTTP\/1.1 4\d\d /);
  }
});

async function rawRequest(text: string): Promise<string> {
  const socket = connect(Number(new URL(running.service.url).port), "127.0.0.1");
  let answer = "";
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    answer += String(chunk);
  });
  socket.write(text);
  await once(socket, "close");
  return answer;
}

describe("any body at all", () => {
  const anything = fc
    .anything({ maxDepth: 3, withNullPrototype: false })
    .map((value) => JSON.parse(JSON.stringify(value) ?? "null") as unknown);
  const bodyOf = (good: () => Sample) =>
    fc
      .record({
        field: fc.constantFrom(
          ...Object.keys(good()),
          "parent_event_id",
          "custom_labels",
          "parameters",
          "severity",
          "top_k",
        ),
        value: anything,
      })
      .map(({ field, value }) => ({ ...good(), [field]: value }));

  test.each<[string, () => Sample]>([
    ["/api/v1/workflows", workflow],
    ["/api/v1/workflows/search", () => ({ filters: labels(), top_k: 3, min_score: 0.1 })],
    ["/api/v1/audit/events", auditEvent],
  ])("%s answers 2xx or a 4xx problem that fits the document", async (path, good) => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(anything, bodyOf(good)), async (body) => {
        const { status } = await send("POST", path, { raw: JSON.stringify(body) });
        expect(status).toBeLessThan(500);
      }),
      { numRuns: 150 },
    );
  });

  test("filters with anything in a label answer 200 or 400", async () => {
    const key = fc.constantFrom(
      "signal_type",
      "severity",
      "custom_labels",
      "detected_labels",
      "status",
      "component",
    );
    await fc.assert(
      fc.asyncProperty(key, anything, async (label, value) => {
        const { status } = await send("POST", "/api/v1/workflows/search", {
          body: { filters: labels({ [label]: value }) },
        });
        expect([200, 400]).toContain(status);
      }),
      { numRuns: 100 },
    );
  });

  test("any query answers 200 or 400", async () => {
    const name = fc.constantFrom(
      "correlation_id",
      "event_type",
      "since",
      "until",
      "limit",
      "offset",
      "severity",
      "odd",
    );
    await fc.assert(
      fc.asyncProperty(name, fc.string({ unit: "binary" }), async (key, value) => {
        const text = encodeURIComponent(value.toWellFormed());
        const { status } = await running.service.client.get(`/api/v1/audit/events?${key}=${text}`);
        expect([200, 400]).toContain(status);
      }),
      { numRuns: 100 },
    );
  });
});
