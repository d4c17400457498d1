import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { auditEvent } from "./audit-event.ts";
import { dataStorageClient } from "./data-storage-client.ts";
import { endpoints } from "./endpoints.ts";

const dataStorage = dataStorageClient(endpoints.dataStorage);

test("an event can be read as soon as it has been written, with its defaults", async () => {
  const event = auditEvent({ event_data: { signal: "OOMKilled", nested: { tries: [1, 2] } } });
  const written = await dataStorage.writeEvent(event);
  expect(written.status).toBe(201);
  const { data, pagination } = await dataStorage.readEvents({ correlation_id: event.correlation_id });
  expect(pagination).toEqual({ limit: 100, offset: 0, total: 1, has_more: false });
  expect(data[0]).toMatchObject({
    event_id: written.body.event_id,
    event_type: event.event_type,
    event_category: "analysis",
    event_data: event.event_data,
    actor_type: "service",
    actor_id: "analysis-service",
    resource_type: "analysis",
    resource_id: event.correlation_id,
    severity: "info",
    retention_days: 2555,
    parent_event_id: null,
    namespace: "",
    duration_ms: 0,
  });
});

test.each([
  ["an unknown category", { event_category: "kitchen" }, "validation-error"],
  ["an unknown outcome", { event_outcome: "maybe" }, "validation-error"],
  ["no correlation_id", { correlation_id: undefined }, "validation-error"],
  ["a list as event_data", { event_data: [1] }, "invalid_event_data"],
  ["a time ten minutes ahead", { event_timestamp: new Date(Date.now() + 600_000).toISOString() }, ""],
  ["a time eight days ago", { event_timestamp: new Date(Date.now() - 8 * 86_400_000).toISOString() }, ""],
  ["a parent that does not exist", { parent_event_id: randomUUID() }, ""],
])("an event with %s is refused", async (_, change, slug) => {
  const { status, body } = await dataStorage.writeEvent({ ...auditEvent(), ...change });
  expect(status).toBe(400);
  expect(body.type).toContain(`https://kubernaut.ai/problems/${slug}`);
});

test("a batch is written in one go", async () => {
  const correlation_id = randomUUID();
  const events = Array.from({ length: 5 }, () => auditEvent({ correlation_id }));
  const { status, body } = await dataStorage.writeEvents(events);
  expect(status).toBe(201);
  expect(body).toMatchObject({ message: "5 audit events created successfully" });
  const { data } = await dataStorage.readEvents({ correlation_id });
  expect(new Set(data.map(({ event_id }) => event_id))).toEqual(new Set(body.event_ids));
});

test("a batch with one wrong event writes none of them, and says which it is", async () => {
  const correlation_id = randomUUID();
  const events = [auditEvent({ correlation_id }), auditEvent({ correlation_id, event_outcome: "maybe" })];
  const { status, body } = await dataStorage.writeEvents(events);
  expect(status).toBe(400);
  expect(body.detail).toContain("event at index 1");
  expect((await dataStorage.readEvents({ correlation_id })).data).toEqual([]);
});

test("a batch that is an object, or empty, is refused", async () => {
  const object = await dataStorage.writeEvents(auditEvent());
  expect(object.status).toBe(400);
  expect(object.body.type).toBe("https://kubernaut.ai/problems/invalid_request");
  const empty = await dataStorage.writeEvents([]);
  expect(empty.status).toBe(400);
  expect(empty.body.detail).toContain("batch cannot be empty");
});

test("events are paged, newest first, and filtered", async () => {
  const correlation_id = randomUUID();
  const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
  for (const minutes of [30, 20, 10]) {
    await dataStorage.writeEvent(
      auditEvent({
        correlation_id,
        event_timestamp: minutesAgo(minutes),
        event_type: `step.${minutes}`,
        event_outcome: minutes === 20 ? "failure" : "success",
      }),
    );
  }
  const types = async (query: Readonly<Record<string, string>>) =>
    (await dataStorage.readEvents({ correlation_id, ...query })).data.map(({ event_type }) => event_type);
  expect(await types({})).toEqual(["step.10", "step.20", "step.30"]);
  expect(await types({ event_outcome: "failure" })).toEqual(["step.20"]);
  expect(await types({ event_type: "step.30" })).toEqual(["step.30"]);
  expect(await types({ since: "25m" })).toEqual(["step.10", "step.20"]);
  expect(await types({ until: minutesAgo(15) })).toEqual(["step.20", "step.30"]);
  const page = await dataStorage.readEvents({ correlation_id, limit: "1", offset: "1" });
  expect(page.data.map(({ event_type }) => event_type)).toEqual(["step.20"]);
  expect(page.pagination).toEqual({ limit: 1, offset: 1, total: 3, has_more: true });
});
