import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { until } from "./rig/child.ts";
import { labels, type Sample, uniqueSignal, workflow } from "./rig/samples.ts";
import { createDatabase, type RunningService, serviceEnv, startService } from "./rig/service.ts";

/** Vectors by hand: the angle stands in the text as "angle=NN". */
const embedding = { requests: [] as string[], mode: "answer" as "answer" | "hang" | "fail" | "nonsense" };
let server: Server;
let service: RunningService;
let redis: Redis;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { text } = JSON.parse(Buffer.concat(chunks).toString()) as { text: string };
    embedding.requests.push(text);
    if (embedding.mode === "hang") return;
    if (embedding.mode === "fail") return void response.writeHead(500).end();
    if (embedding.mode === "nonsense") return void response.end('{"embedding":"none"}');
    const angle = (Number(/angle=(\d+)/.exec(text)?.[1] ?? 0) * Math.PI) / 180;
    response.setHeader("content-type", "application/json");
    response.end(
      JSON.stringify({ embedding: [Math.cos(angle), Math.sin(angle)], dimensions: 2, model: "fake" }),
    );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const stores = { postgresPort: inject("postgresPort"), redisPort: inject("redisPort") };
  const database = await createDatabase(stores.postgresPort);
  service = await startService({
    ...serviceEnv(stores, database),
    EMBEDDING_URL: `http://127.0.0.1:${port}`,
  });
  redis = new Redis({ host: "127.0.0.1", port: stores.redisPort });
});

afterAll(async () => {
  await service.stop("SIGKILL");
  redis.disconnect();
  server.closeAllConnections();
  server.close();
});

async function create(signal_type: string, description: string, more: Sample = {}): Promise<string> {
  const sent = workflow({ description, labels: labels({ signal_type }), ...more });
  const { status, body } = await service.client.post("/api/v1/workflows", sent);
  expect(status).toBe(201);
  return body.workflow_id;
}

async function search(signal_type: string, more: Sample) {
  const { status, body } = await service.client.post("/api/v1/workflows/search", {
    filters: labels({ signal_type, ...((more["labels"] as Sample | undefined) ?? {}) }),
    ...more,
  });
  expect(status).toBe(200);
  return body.workflows as { workflow_id: string; similarity?: number; final_score: number }[];
}

const ids = (found: { workflow_id: string }[]) => found.map(({ workflow_id }) => workflow_id);

test("equal scores are ordered by similarity, which is reported; the score comes first", async () => {
  const signal = uniqueSignal();
  const tag = randomUUID();
  const near = await create(signal, `angle=10 ${tag}`);
  const far = await create(signal, `angle=90 ${tag}`);
  const middle = await create(signal, `angle=45 ${tag}`);
  const better = await create(signal, `angle=180 ${tag}`, { detected_labels: { stateful: true } });
  const more = { query: `angle=0 ${tag}`, labels: { detected_labels: { stateful: true } } };
  const found = await until(async () => {
    const seen = await search(signal, more);
    return seen.every(({ similarity }) => similarity !== undefined) ? seen : undefined;
  }, "all vectors are known");
  expect(ids(found)).toEqual([better, near, middle, far]);
  const expected = [-1, Math.cos(Math.PI / 18), Math.SQRT1_2, 0];
  for (const [index, { similarity }] of found.entries())
    expect(similarity).toBeCloseTo(expected[index] ?? 0, 6);
});

test("without a query: newest first, no similarity", async () => {
  const signal = uniqueSignal();
  const one = await create(signal, "angle=0 one");
  const two = await create(signal, "angle=90 two");
  const found = await search(signal, {});
  expect(ids(found)).toEqual([two, one]);
  expect(found[0]).not.toHaveProperty("similarity");
});

test("vectors are kept in Redis for 24 hours and not asked for again", async () => {
  const signal = uniqueSignal();
  const description = `angle=30 ${randomUUID()}`;
  await create(signal, description);
  const text = `Increase memory limits ${description}`;
  const key = `embeddings:${createHash("sha256").update(text).digest("hex")}`;
  // Creating it has warmed the cache.
  await until(async () => ((await redis.exists(key)) === 1 ? true : undefined), "the vector is cached");
  const seconds = await redis.ttl(key);
  expect(seconds).toBeGreaterThan(86_000);
  expect(seconds).toBeLessThanOrEqual(86_400);
  const query = `angle=0 ${randomUUID()}`;
  await until(async () => (await search(signal, { query }))[0]?.similarity, "there is a similarity");
  const asked = embedding.requests.length;
  await search(signal, { query });
  expect(embedding.requests).toHaveLength(asked);
  expect(embedding.requests.filter((each) => each === text)).toHaveLength(1);
});

test.each(["fail", "nonsense", "hang"] as const)(
  "a service that does %s fails no search and no create",
  async (mode) => {
    embedding.mode = mode;
    const signal = uniqueSignal();
    const one = await create(signal, `angle=90 ${randomUUID()}`);
    const two = await create(signal, `angle=0 ${randomUUID()}`);
    expect(ids(await search(signal, { query: `angle=90 ${randomUUID()}` }))).toEqual([two, one]);
    embedding.mode = "answer";
  },
);

test("a stopped service fails no search and no create; started again it is used again", async () => {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  const signal = uniqueSignal();
  const query = `angle=90 ${randomUUID()}`;
  const one = await create(signal, `angle=90 ${randomUUID()}`);
  const two = await create(signal, `angle=0 ${randomUUID()}`);
  expect(ids(await search(signal, { query }))).toEqual([two, one]);
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  await until(async () => {
    const found = await search(signal, { query });
    return ids(found)[0] === one ? true : undefined;
  }, "similarity decides again");
});
