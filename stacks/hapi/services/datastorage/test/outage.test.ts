import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "./rig/child.ts";
import { useOwnStores } from "./rig/own-stores.ts";
import { auditEvent, workflow } from "./rig/samples.ts";
import type { RunningService } from "./rig/service.ts";

const OUTAGE_MS = 10_000;
const PATH = "/api/v1/audit/events";
const STREAM = "audit:dlq:events";
const DEAD = "audit:dlq:dead";

const stores = useOwnStores();
let service: RunningService;
let redis: Redis;

beforeAll(async () => {
  service = await stores.start();
  redis = new Redis({ port: stores.redis.port, host: "127.0.0.1", retryStrategy: () => 100 });
  redis.on("error", () => {});
});
afterAll(() => redis.disconnect());

async function depth(stream: string): Promise<string | undefined> {
  const text = await (await fetch(`${service.metricsUrl}/metrics`)).text();
  return new RegExp(`^datastorage_dlq_depth\\{stream="${stream}"\\} (\\d+)$`, "m").exec(text)?.[1];
}

async function stored(correlationId: string) {
  const { body } = await service.client.get(`${PATH}?correlation_id=${correlationId}&limit=1000`);
  return body.data as { event_data: { n: number }; event_id: string; event_timestamp: string }[];
}

const written = (correlationId: string, count: number) =>
  until(
    async () => ((await stored(correlationId)).length >= count ? true : undefined),
    `${count} events are written`,
  );

const drained = () =>
  until(async () => ((await redis.xlen(STREAM)) === 0 ? true : undefined), "the stream is empty");

test("PostgreSQL down for 10 s while 500 events come: all are answered 201 or 202, all are there, none twice", async () => {
  const correlation_id = randomUUID();
  const began = Date.now();
  let down: Promise<void> | undefined;
  let up: Promise<void> | undefined;
  const answers: number[] = [];
  let next = 0;
  const poster = async () => {
    for (let n = next++; n < 500; n = next++) {
      if (n === 100) down = stores.postgres.stop();
      const { status } = await service.client.post(PATH, auditEvent({ correlation_id, event_data: { n } }));
      answers.push(status);
      if (n > 400 && up === undefined && Date.now() - began > OUTAGE_MS) up = stores.postgres.start();
      // Spread over the outage, so that some come before, some in it, some after.
      await new Promise((resolve) => setTimeout(resolve, 190));
    }
  };
  await Promise.all(Array.from({ length: 8 }, poster));
  await down;
  await (up ?? stores.postgres.start());
  expect(answers).toHaveLength(500);
  expect(answers.filter((status) => status !== 201 && status !== 202)).toEqual([]);
  expect(answers).toContain(201);
  expect(answers).toContain(202);
  await written(correlation_id, 500);
  await drained();
  const rows = await stored(correlation_id);
  expect(rows.map(({ event_data }) => event_data.n).sort((a, b) => a - b)).toEqual([...Array(500).keys()]);
  expect(await depth(STREAM)).toBe("0");
});

test("what is queued says what the contract says, keeps its time and its digits, and the depth is told", async () => {
  const correlation_id = randomUUID();
  await stores.postgres.stop();
  const raw = JSON.stringify(auditEvent({ correlation_id, event_data: "HERE" })).replace(
    '"HERE"',
    '{"n":12345678901234567890,"f":2.0}',
  );
  const { status, body } = await service.client.send("POST", PATH, { raw });
  expect([status, body]).toEqual([
    202,
    { status: "accepted", message: "audit event queued for async processing" },
  ]);
  expect(
    (
      await service.client.post(`${PATH}/batch`, [
        auditEvent({ correlation_id }),
        auditEvent({ correlation_id }),
      ])
    ).status,
  ).toBe(202);
  const entries = await redis.xrange(STREAM, "-", "+");
  expect(entries).toHaveLength(3);
  const [field, text = ""] = entries[0]?.[1] ?? [];
  expect(field).toBe("message");
  const message = JSON.parse(text);
  expect(Object.keys(message).sort()).toEqual(["last_error", "payload", "retry_count", "timestamp", "type"]);
  expect(message).toMatchObject({ type: "audit_event", retry_count: 0 });
  expect(message.payload.correlation_id).toBe(correlation_id);
  expect(message.last_error).not.toBe("");
  expect(text).toContain('{"n":12345678901234567890,"f":2.0}');
  expect(await depth(STREAM)).toBe("3");
  const reads = await Promise.all([
    service.client.get(PATH),
    service.client.post("/api/v1/workflows", workflow()),
  ]);
  expect(reads.map((answer) => answer.status)).toEqual([503, 503]);
  expect(reads[0]?.body.type).toBe("https://kubernaut.ai/problems/service-unavailable");
  const health = await service.client.get("/health");
  expect(health.body).toMatchObject({ status: "unhealthy", database: "unreachable" });
  expect(health.body.error).not.toBe("");
  expect((await service.client.get("/health/ready")).body).toEqual({
    status: "not_ready",
    reason: "database_unreachable",
  });
  expect((await service.client.get("/health/live")).status).toBe(200);

  await stores.postgres.start();
  await written(correlation_id, 3);
  await drained();
  const { text: listed } = await service.client.get(`${PATH}?correlation_id=${correlation_id}`);
  expect(listed).toContain('"n":12345678901234567890');
  expect(listed).toContain('"f":2.0');
  expect(listed).toContain(message.payload.event_id);
});

test("bad input stays a 400 while PostgreSQL is away", async () => {
  await stores.postgres.stop();
  expect((await service.client.post(PATH, auditEvent({ event_type: "" }))).status).toBe(400);
  await stores.postgres.start();
});

test("PostgreSQL frozen, not dead: events are queued after the time limit and written once after it thaws", async () => {
  const correlation_id = randomUUID();
  const frozen = await stores.sql<{ pid: number }>(
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'datastorage'",
  );
  for (const { pid } of frozen) process.kill(pid, "SIGSTOP");
  stores.postgres.signal("SIGSTOP");
  const answers = await Promise.all(
    [1, 2, 3].map((n) => service.client.post(PATH, auditEvent({ correlation_id, event_data: { n } }))),
  );
  for (const { pid } of frozen) process.kill(pid, "SIGCONT");
  stores.postgres.signal("SIGCONT");
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
  await written(correlation_id, 3);
  await drained();
  expect(await stored(correlation_id)).toHaveLength(3);
});

test("a message that PostgreSQL never takes does not block the others and ends in the dead stream", async () => {
  const correlation_id = randomUUID();
  await stores.postgres.stop();
  const orphan = auditEvent({ correlation_id: randomUUID(), parent_event_id: randomUUID() });
  expect((await service.client.post(PATH, orphan)).status).toBe(202);
  await redis.xadd(STREAM, "*", "message", "this is not JSON");
  await redis.xadd(STREAM, "*", "other", "no message");
  expect((await service.client.post(PATH, auditEvent({ correlation_id }))).status).toBe(202);
  await stores.postgres.start();
  await written(correlation_id, 1);
  await drained();
  const dead = await redis.xrange(DEAD, "-", "+");
  expect(dead).toHaveLength(3);
  const texts = dead.map(([, fields]) => fields[1] ?? "");
  expect(texts).toContain("this is not JSON");
  const refused = JSON.parse(texts.find((text) => text.includes(String(orphan["correlation_id"]))) ?? "{}");
  expect(refused.retry_count).toBe(4);
  expect(refused.last_error).toContain("parent_event_id");
  expect(await depth(DEAD)).toBe("3");
});

test("both stores down: 500 database_error, and life goes on when they are back", async () => {
  await Promise.all([stores.postgres.stop(), stores.redis.stop()]);
  const { status, body } = await service.client.post(PATH, auditEvent());
  expect([status, body.type]).toEqual([500, "https://kubernaut.ai/problems/database_error"]);
  await Promise.all([stores.postgres.start(), stores.redis.start()]);
  const correlation_id = randomUUID();
  expect((await service.client.post(PATH, auditEvent({ correlation_id }))).status).toBe(201);
  await stores.postgres.stop();
  // Redis is connected again by itself.
  await until(async () => {
    const answer = await service.client.post(PATH, auditEvent({ correlation_id }));
    return answer.status === 202 ? true : undefined;
  }, "the stream takes events again");
  await stores.postgres.start();
  await written(correlation_id, 2);
});

test("Redis down alone: everything but the queue works", async () => {
  await stores.redis.stop();
  expect((await service.client.post(PATH, auditEvent())).status).toBe(201);
  expect((await service.client.get("/health")).status).toBe(200);
  expect((await service.client.get("/metrics")).status).toBe(200);
  await stores.redis.start();
});

test("DataStorage killed in the middle: what was answered is there", async () => {
  const correlation_id = randomUUID();
  const second = await stores.start();
  const answered: number[] = [];
  const poster = async (from: number) => {
    for (let n = from; ; n += 8) {
      const answer = await second.client
        .post(PATH, auditEvent({ correlation_id, event_data: { n } }))
        .catch(() => undefined);
      if (answer === undefined) return;
      answered.push(n);
      if (answered.length === 200) await second.stop("SIGKILL");
    }
  };
  await Promise.all([...Array(8).keys()].map(poster));
  expect(answered.length).toBeGreaterThanOrEqual(200);
  const there = new Set((await stored(correlation_id)).map(({ event_data }) => event_data.n));
  expect(answered.filter((n) => !there.has(n))).toEqual([]);
});

test("killed while PostgreSQL is away: the next one writes what was queued", async () => {
  const correlation_id = randomUUID();
  const second = await stores.start();
  await stores.postgres.stop();
  for (const n of [1, 2, 3]) {
    expect((await second.client.post(PATH, auditEvent({ correlation_id, event_data: { n } }))).status).toBe(
      202,
    );
  }
  await second.stop("SIGKILL");
  await stores.postgres.start();
  await written(correlation_id, 3);
  expect(await stored(correlation_id)).toHaveLength(3);
});
