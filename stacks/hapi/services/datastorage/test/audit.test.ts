import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { useService } from "./rig/running.ts";
import { auditEvent, type Sample } from "./rig/samples.ts";

const running = useService();
const PATH = "/api/v1/audit/events";
const post = (body: unknown) => running.service.client.post(PATH, body);
const list = (query: string) => running.service.client.get(`${PATH}?${query}`);
const ago = (ms: number) => new Date(Date.now() - ms).toISOString();
const DAY_MS = 86_400_000;

async function stored(correlationId: unknown): Promise<Sample[]> {
  return (await list(`correlation_id=${encodeURIComponent(String(correlationId))}`)).body.data;
}

describe("create", () => {
  test("answers 201 with id, time and message; the row can be read at once, with its defaults", async () => {
    const sent = auditEvent();
    const { status, body } = await post(sent);
    expect(status).toBe(201);
    expect(Object.keys(body).sort()).toEqual(["event_id", "event_timestamp", "message"]);
    expect(body.message).toBe("Audit event created successfully");
    expect(Date.parse(body.event_timestamp)).toBe(Date.parse(String(sent["event_timestamp"])));
    expect(await stored(sent["correlation_id"])).toEqual([
      {
        event_id: body.event_id,
        event_timestamp: sent["event_timestamp"],
        event_date: String(sent["event_timestamp"]).slice(0, 10),
        event_type: "gateway.signal.received",
        version: "1.0",
        event_category: "gateway",
        event_action: "received",
        event_outcome: "success",
        correlation_id: sent["correlation_id"],
        parent_event_id: null,
        parent_event_date: null,
        resource_type: "gateway",
        resource_id: sent["correlation_id"],
        namespace: "",
        cluster_name: "",
        severity: "info",
        duration_ms: 0,
        error_code: "",
        error_message: "",
        actor_id: "gateway-service",
        actor_type: "service",
        retention_days: 2555,
        is_sensitive: false,
        event_data: { signal: "OOMKilled" },
      },
    ]);
  });

  test("what is given is kept; null means absent; unknown fields are accepted", async () => {
    const given = {
      actor_type: "user",
      actor_id: "ada",
      resource_type: "Pod",
      resource_id: "payments-1",
      namespace: "payments",
      cluster_name: "eu-1",
      severity: "critical",
      duration_ms: 1234,
    };
    const columns = { parent_event_date: "soon", event_date: 5, retention_days: [], is_sensitive: "no" };
    const sent = auditEvent({ ...given, ...columns, event_id: {}, parent_event_id: null, surprise: [1] });
    expect((await post(sent)).status).toBe(201);
    expect((await stored(sent["correlation_id"]))[0]).toMatchObject({ ...given, parent_event_date: null });
  });

  test("a parent must exist; its date is noted", async () => {
    const parent = await post(auditEvent());
    const child = auditEvent({ parent_event_id: parent.body.event_id });
    expect((await post(child)).status).toBe(201);
    expect((await stored(child["correlation_id"]))[0]).toMatchObject({
      parent_event_id: parent.body.event_id,
      parent_event_date: parent.body.event_timestamp.slice(0, 10),
    });
    const orphan = await post(auditEvent({ parent_event_id: randomUUID() }));
    expect(orphan.status).toBe(400);
    expect(orphan.body.field_errors).toHaveProperty("parent_event_id");
    expect((await post(auditEvent({ parent_event_id: "nobody" }))).status).toBe(400);
  });

  test.each([
    "version",
    "event_type",
    "event_timestamp",
    "event_category",
    "event_action",
    "event_outcome",
    "correlation_id",
    "event_data",
  ])("%s is required", async (field) => {
    const { status, body } = await post(auditEvent({ [field]: undefined }));
    expect(status).toBe(400);
    expect(body).toMatchObject({ title: "Validation Error", instance: PATH, resource: "audit_event" });
    expect(body.field_errors).toEqual({ [field]: "is required" });
  });

  test.each<[string, unknown]>([
    ["version", ""],
    ["version", "v".repeat(21)],
    ["event_type", ""],
    ["event_type", "t".repeat(101)],
    ["event_timestamp", "2025-12-23 10:00:00Z"],
    ["event_timestamp", "2025-12-23T10:00:00"],
    ["event_timestamp", 1766484000],
    ["event_category", "unknown"],
    ["event_action", ""],
    ["event_action", "a".repeat(51)],
    ["event_outcome", "maybe"],
    ["correlation_id", ""],
    ["correlation_id", "c".repeat(256)],
    ["duration_ms", "long"],
    ["duration_ms", 1.5],
    ["actor_id", 1],
  ])("%s must not be %j", async (field, value) => {
    const { status, body } = await post(auditEvent({ [field]: value }));
    expect(status).toBe(400);
    expect(body.type).toBe("https://kubernaut.ai/problems/validation-error");
    expect(Object.keys(body.field_errors)).toEqual([field]);
  });

  test.each([
    "gateway",
    "notification",
    "analysis",
    "signalprocessing",
    "workflow",
    "execution",
    "orchestration",
  ])("the category %s is known", async (event_category) => {
    expect((await post(auditEvent({ event_category }))).status).toBe(201);
  });

  test.each([[[]], ["text"], [7], [true], [null]])(
    "event_data %j is a problem of its own",
    async (event_data) => {
      const { status, body } = await post(auditEvent({ event_data }));
      expect([status, body.type]).toEqual([400, "https://kubernaut.ai/problems/invalid_event_data"]);
    },
  );

  test("the longest texts are taken", async () => {
    const sent = auditEvent({
      version: "v".repeat(20),
      event_type: "t".repeat(100),
      event_action: "a".repeat(50),
      correlation_id: `${randomUUID()}${"é".repeat(219)}`,
      resource_id: "🚀".repeat(255),
    });
    expect((await post(sent)).status).toBe(201);
    expect(await stored(sent["correlation_id"])).toHaveLength(1);
  });

  test("the time may be 5 minutes ahead and 7 days old, not more", async () => {
    const status = async (ms: number) => (await post(auditEvent({ event_timestamp: ago(ms) }))).status;
    expect(await status(-4 * 60_000)).toBe(201);
    expect(await status(-7 * 60_000)).toBe(400);
    expect(await status(7 * DAY_MS - 60_000)).toBe(201);
    expect(await status(7 * DAY_MS + 60_000)).toBe(400);
  });

  test("times keep their microseconds, in UTC", async () => {
    const second = ago(0).slice(0, 19);
    for (const [fraction, shown] of [
      ["", ".000"],
      [".1", ".100"],
      [".123456", ".123456"],
      [".123456789", ".123456"],
    ]) {
      const sent = auditEvent({ event_timestamp: `${second}${fraction}Z` });
      expect((await post(sent)).body.event_timestamp).toBe(`${second}${shown}Z`);
      expect((await stored(sent["correlation_id"]))[0]?.["event_timestamp"]).toBe(`${second}${shown}Z`);
    }
    const shifted = new Date(Date.now() + 5.5 * 3_600_000).toISOString().slice(0, 19);
    const sent = auditEvent({ event_timestamp: `${shifted}+05:30` });
    const { body } = await post(sent);
    expect(Math.abs(Date.parse(body.event_timestamp) - Date.now())).toBeLessThan(300_000);
  });

  test("numbers in event_data come back digit by digit", async () => {
    const numbers = '{"big":12345678901234567890,"float":1.0,"list":[0.1,1E3,-0.0,100],"__proto__":{"x":1}}';
    const sent = auditEvent({ event_data: "HERE" });
    const raw = JSON.stringify(sent).replace('"HERE"', numbers);
    expect((await running.service.client.send("POST", PATH, { raw })).status).toBe(201);
    const { text } = await list(`correlation_id=${String(sent["correlation_id"])}`);
    for (const part of [
      '"big":12345678901234567890',
      '"float":1.0',
      "[0.1,1000.0,0.0,100]",
      '"__proto__":{"x":1}',
    ]) {
      expect(text).toContain(part);
    }
  });
});

describe("partitions", () => {
  test("are made for the months of the rows that come, by several writers at once", async () => {
    await running.sql("DROP TABLE IF EXISTS audit_events_2031_02, audit_events_2031_03");
    const parts = await running.sql(
      "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'audit_events'::regclass",
    );
    for (const { name } of parts) await running.sql(`DROP TABLE ${String(name)}`);
    const events = Array.from({ length: 20 }, () => auditEvent());
    const answers = await Promise.all(events.map(post));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(201));
    const month = ago(0).slice(0, 7).replace("-", "_");
    const made = await running.sql(
      "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'audit_events'::regclass",
    );
    expect(made.map(({ name }) => name)).toContain(`audit_events_${month}`);
    for (const event of events) expect(await stored(event["correlation_id"])).toHaveLength(1);
  });
});
