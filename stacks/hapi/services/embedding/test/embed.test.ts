import { afterAll, beforeAll, expect, test } from "vitest";
import { endService, post, type ServiceProcess, startService } from "./service.ts";

let service: ServiceProcess;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => endService(service));

async function embed(text: string): Promise<number[]> {
  const response = await post(service.url, { text });
  expect(response.status).toBe(200);
  const { embedding } = (await response.json()) as { embedding: number[] };
  return embedding;
}

function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, v, i) => sum + v * (y[i] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

test("health tells the model and its dimensions", async () => {
  const response = await fetch(`${service.url}/health`);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    status: "healthy",
    model: "universal-sentence-encoder-lite",
    dimensions: 512,
  });
});

test("one text gives one vector of as many numbers as it says", async () => {
  const response = await post(service.url, { text: "pod is restarting" });
  const body = (await response.json()) as { embedding: number[]; dimensions: number; model: string };
  expect(body).toMatchObject({ dimensions: 512, model: "universal-sentence-encoder-lite" });
  expect(body.embedding).toHaveLength(512);
  expect(body.embedding.every(Number.isFinite)).toBe(true);
});

test("a batch gives the same vectors as its texts one by one, in their order", async () => {
  const texts = ["OOMKilled", "the node does not answer", "a deployment has too few replicas available"];
  const response = await post(service.url, { texts });
  const { embeddings } = (await response.json()) as { embeddings: number[][] };
  expect(embeddings).toHaveLength(3);
  for (const [index, text] of texts.entries()) {
    expect(cosine(embeddings[index] ?? [], await embed(text))).toBeGreaterThan(0.9999);
  }
});

test("words of the field lie near to what they mean", async () => {
  const memory = await embed("container killed because it ran out of memory");
  const credentials = await embed("image pull failed because of bad credentials");
  const killed = await embed("OOMKilled");
  expect(cosine(killed, memory)).toBeGreaterThan(cosine(killed, credentials) + 0.05);
  const pull = await embed("ImagePullBackOff");
  expect(cosine(pull, credentials)).toBeGreaterThan(cosine(pull, memory) + 0.05);
});

test("texts are trimmed, and 10000 characters are not too many", async () => {
  expect(cosine(await embed("  node not ready \n"), await embed("node not ready"))).toBeGreaterThan(0.9999);
  await embed("word ".repeat(2000));
  await embed("🙂".repeat(10_000));
});

test.each([
  ["a missing text", {}, "missing", ["body", "text"]],
  ["a text that is a number", { text: 5 }, "string_type", ["body", "text"]],
  ["an empty text", { text: "" }, "string_too_short", ["body", "text"]],
  ["a text of spaces", { text: " \n\t " }, "string_too_short", ["body", "text"]],
  ["a text of 10001 characters", { text: "x".repeat(10_001) }, "string_too_long", ["body", "text"]],
  ["an array", ["text"], "model_attributes_type", ["body"]],
  ["null", null, "missing", ["body"]],
  ["a text that is null", { text: null }, "string_type", ["body", "text"]],
  ["no JSON", "{text", "json_invalid", ["body", 1]],
  ["JSON that ends early", '{"text":', "json_invalid", ["body", 8]],
  ["no body", "", "missing", ["body"]],
  ["text and texts", { text: "a", texts: ["b"] }, "value_error", ["body"]],
  ["an empty batch", { texts: [] }, "too_short", ["body", "texts"]],
  ["a batch of 33", { texts: Array.from({ length: 33 }, () => "a") }, "too_long", ["body", "texts"]],
  ["a batch with an empty text", { texts: ["a", " "] }, "string_too_short", ["body", "texts", 1]],
])("%s is refused with 422 in pydantic's words", async (_, body, type, loc) => {
  const response = await post(service.url, body);
  expect(response.status).toBe(422);
  const { detail } = (await response.json()) as { detail: object[] };
  expect(detail).toHaveLength(1);
  expect(detail[0]).toMatchObject({ type, loc, msg: expect.any(String) });
  expect(detail[0]).toHaveProperty("input");
});

test("null means absent for whichever of text and texts need not be there", async () => {
  expect((await post(service.url, { text: "a", texts: null })).status).toBe(200);
  const batch = await post(service.url, { text: null, texts: ["a"] });
  expect(await batch.json()).toHaveProperty("embeddings");
});

test("a value nested too deep to be echoed is refused like any other", async () => {
  const depth = 200_000;
  const response = await post(service.url, `{"text":${"[".repeat(depth)}${"]".repeat(depth)}}`);
  expect(response.status).toBe(422);
  expect(await response.json()).toMatchObject({ detail: [{ type: "string_type", input: null }] });
  expect((await fetch(`${service.url}/health`)).status).toBe(200);
});

test("health is answered while 60 requests wait for the model", async () => {
  const texts = Array.from({ length: 60 }, (_, index) => `pod ${index} was killed`);
  const work = Promise.all(texts.map(async (text) => (await post(service.url, { text })).status));
  for (let asked = 0; asked < 10; asked += 1) {
    expect((await fetch(`${service.url}/health`)).status).toBe(200);
  }
  expect(new Set(await work)).toEqual(new Set([200]));
});

test("a body beyond the limit is refused with 413", async () => {
  const response = await post(service.url, { text: "x".repeat(5_000_000) });
  expect(response.status).toBe(413);
});

test("unknown paths and methods are told apart", async () => {
  expect((await fetch(`${service.url}/nothing`)).status).toBe(404);
  expect((await fetch(`${service.url}/toString`)).status).toBe(404);
  const response = await fetch(`${service.url}/api/v1/embed`);
  expect(response.status).toBe(405);
  expect(response.headers.get("allow")).toBe("POST");
});

test("the root describes the service, and the OpenAPI document its embed endpoint", async () => {
  const root = (await (await fetch(service.url)).json()) as object;
  expect(root).toMatchObject({ service: "embedding-service", version: "0.1.0", dimensions: 512 });
  expect(root).toHaveProperty("endpoints.embed", "POST /api/v1/embed");
  const document = (await (await fetch(`${service.url}/openapi.json`)).json()) as {
    paths: object;
    components: { schemas: object };
  };
  expect(Object.keys(document.paths)).toEqual(["/", "/health", "/api/v1/embed", "/metrics"]);
  const named = Object.keys(document.components.schemas);
  const referred = [...JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)].map(
    ([, name]) => name,
  );
  expect(named).toEqual(expect.arrayContaining(referred));
});

test("metrics count requests by outcome", async () => {
  const read = async () => await (await fetch(`${service.url}/metrics`)).text();
  const count = (text: string, status: string) =>
    Number(new RegExp(`^embedding_requests_total\\{status="${status}"\\} (\\d+)$`, "m").exec(text)?.[1]);
  const before = await read();
  await embed("counted");
  await post(service.url, {});
  const after = await read();
  expect(count(after, "success") - count(before, "success")).toBe(1);
  expect(count(after, "invalid") - count(before, "invalid")).toBe(1);
  expect(after).toMatch(/^embedding_duration_seconds_count \d+$/m);
});

test("health is answered while the model computes", async () => {
  let computing = true;
  const texts = Array.from({ length: 16 }, (_, index) => `${index} `.repeat(500));
  const work = post(service.url, { texts }).then((response) => {
    computing = false;
    return response.status;
  });
  for (let asked = 0; asked < 20; asked += 1) {
    expect((await fetch(`${service.url}/health`)).status).toBe(200);
  }
  expect(computing).toBe(true);
  expect(await work).toBe(200);
});
