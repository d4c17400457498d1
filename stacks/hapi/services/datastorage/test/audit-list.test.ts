import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { useService } from "./rig/running.ts";
import { auditEvent, type Sample } from "./rig/samples.ts";

const running = useService();
const PATH = "/api/v1/audit/events";
const batch = (body: unknown) => running.service.client.post(`${PATH}/batch`, body);
const list = (query: string) => running.service.client.get(`${PATH}?${query}`);
const ago = (ms: number) => new Date(Date.now() - ms).toISOString();
const DAY_MS = 86_400_000;

async function stored(correlationId: unknown): Promise<Sample[]> {
  return (await list(`correlation_id=${encodeURIComponent(String(correlationId))}`)).body.data;
}

describe("batch", () => {
  test("answers the ids in order", async () => {
    const correlation_id = randomUUID();
    const events = [1, 2, 3].map((index) => auditEvent({ correlation_id, event_data: { index } }));
    const { status, body } = await batch(events);
    expect(status).toBe(201);
    expect(body.message).toBe("3 audit events created successfully");
    const rows = await stored(correlation_id);
    for (const [index, id] of body.event_ids.entries()) {
      expect(rows.find((row) => row["event_id"] === id)?.["event_data"]).toEqual({ index: index + 1 });
    }
  });

  test("an object is an invalid request, an empty list has its sentence", async () => {
    const object = await batch(auditEvent());
    expect([object.status, object.body.type]).toEqual([400, "https://kubernaut.ai/problems/invalid_request"]);
    const empty = await batch([]);
    expect([empty.status, empty.body.detail]).toEqual([400, "batch cannot be empty"]);
  });

  test.each<[string, Sample | unknown]>([
    ["a missing field", auditEvent({ event_type: undefined })],
    ["bad event_data", auditEvent({ event_data: [] })],
    ["an old time", auditEvent({ event_timestamp: ago(8 * DAY_MS) })],
    ["a missing parent", auditEvent({ parent_event_id: randomUUID() })],
    ["no object", 7],
  ])("one event with %s: its index is told and nothing is written", async (_, bad) => {
    const correlation_id = randomUUID();
    const { status, body } = await batch([
      auditEvent({ correlation_id }),
      bad,
      auditEvent({ correlation_id }),
    ]);
    expect(status).toBe(400);
    expect(body.detail).toMatch(/^event at index 1: /);
    expect(await stored(correlation_id)).toEqual([]);
  });

  test("as many as a body can hold", async () => {
    const correlation_id = randomUUID();
    const events = Array.from({ length: 10_000 }, () => auditEvent({ correlation_id }));
    const { status, body } = await batch(events);
    expect(status).toBe(201);
    expect(new Set(body.event_ids).size).toBe(10_000);
    expect((await list(`correlation_id=${correlation_id}`)).body.pagination.total).toBe(10_000);
  });
});

describe("list", () => {
  test("newest first, ties by id; pages tell whether there is more", async () => {
    const correlation_id = randomUUID();
    const same = ago(60_000);
    const times = [ago(3_600_000), same, same, same, ago(1000)];
    await batch(times.map((event_timestamp) => auditEvent({ correlation_id, event_timestamp })));
    const { body } = await list(`correlation_id=${correlation_id}`);
    const keys = body.data.map(
      (row: Sample) => `${String(row["event_timestamp"])} ${String(row["event_id"])}`,
    );
    expect(keys).toEqual([...keys].sort().reverse());
    expect(body.pagination).toEqual({ limit: 100, offset: 0, total: 5, has_more: false });
    const page = await list(`correlation_id=${correlation_id}&limit=2&offset=2`);
    expect(page.body.data).toEqual(body.data.slice(2, 4));
    expect(page.body.pagination).toEqual({ limit: 2, offset: 2, total: 5, has_more: true });
    const last = await list(`correlation_id=${correlation_id}&limit=2&offset=4`);
    expect(last.body.pagination.has_more).toBe(false);
    expect((await list(`correlation_id=${correlation_id}&offset=50`)).body.data).toEqual([]);
  });

  test.each([
    ["event_type", "special.type"],
    ["event_category", "execution"],
    ["event_outcome", "failure"],
    ["severity", "critical"],
  ])("filters by %s", async (field, value) => {
    const correlation_id = randomUUID();
    await batch([auditEvent({ correlation_id }), auditEvent({ correlation_id, [field]: value })]);
    const { body } = await list(`correlation_id=${correlation_id}&${field}=${value}`);
    expect(body.data.map((row: Sample) => row[field])).toEqual([value]);
    expect(body.pagination.total).toBe(1);
  });

  test("since and until take spans, RFC 3339 and dates", async () => {
    const correlation_id = randomUUID();
    const ages = [10 * 60_000, 2 * 3_600_000, 3 * DAY_MS];
    await batch(ages.map((age) => auditEvent({ correlation_id, event_timestamp: ago(age) })));
    const total = async (query: string) =>
      (await list(`correlation_id=${correlation_id}&${query}`)).body.pagination.total;
    expect(await total("since=30m")).toBe(1);
    expect(await total("since=24h")).toBe(2);
    expect(await total("since=7d")).toBe(3);
    expect(await total("until=24h")).toBe(1);
    expect(await total("since=24h&until=30m")).toBe(1);
    expect(await total(`since=${ago(3_600_000)}`)).toBe(1);
    expect(await total(`until=${encodeURIComponent(ago(3_600_000).replace("Z", "+00:00"))}`)).toBe(2);
    expect(await total(`since=${ago(2 * DAY_MS).slice(0, 10)}`)).toBe(2);
    expect(await total(`until=${ago(2 * DAY_MS).slice(0, 10)}`)).toBe(1);
  });

  test.each([
    "limit=0",
    "limit=1001",
    "limit=ten",
    "limit=1e3",
    "offset=-1",
    "offset=99999999999999999999",
    "since=yesterday",
    "until=5x",
    "since=2025-02-30",
    "event_category=odd",
    "event_outcome=odd",
    "limit=5&limit=6",
    "correlation_id=%zz",
    "correlation_id=%00",
    "correlation_id=%ff",
  ])("?%s is refused", async (query) => {
    expect((await list(query)).status).toBe(400);
  });

  test("the limit may be 1000, the offset very large, unknown parameters are ignored", async () => {
    expect((await list("limit=1000&offset=9007199254740991&other=1")).status).toBe(200);
  });
});
