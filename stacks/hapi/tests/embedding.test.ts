import { expect, test } from "vitest";
import { endpoints } from "./endpoints.ts";

async function embed(...texts: readonly string[]): Promise<number[][]> {
  const response = await fetch(`${endpoints.embedding}/api/v1/embed`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ texts }),
  });
  expect(response.status).toBe(200);
  return ((await response.json()) as { embeddings: number[][] }).embeddings;
}

function cosine(a: readonly number[] = [], b: readonly number[] = []): number {
  const dot = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, value, index) => sum + value * (y[index] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

test("the service names its model, and its vectors have the dimensions that it names", async () => {
  const health = await (await fetch(`${endpoints.embedding}/health`)).json();
  const { dimensions } = health as { dimensions: number };
  expect(health).toMatchObject({ status: "healthy", model: expect.any(String) });
  expect((await embed("a pod"))[0]).toHaveLength(dimensions);
});

test.each([
  [
    "OOMKilled",
    "container killed because it ran out of memory",
    "image pull failed because of bad credentials",
  ],
  [
    "ImagePullBackOff",
    "image pull failed because of bad credentials",
    "container killed because it ran out of memory",
  ],
  ["the disk is full", "no space is left on the volume", "the certificate has expired"],
])("%s lies nearer to '%s' than to '%s'", async (word, near, far) => {
  const [asked, nearer, farther] = await embed(word, near, far);
  expect(cosine(asked, nearer)).toBeGreaterThan(cosine(asked, farther));
});

test.each([
  ["empty", ""],
  ["blank", "  \n"],
  ["too long", "x".repeat(10_001)],
])("a text that is %s is refused with 422", async (_, text) => {
  const response = await fetch(`${endpoints.embedding}/api/v1/embed`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text }),
  });
  expect(response.status).toBe(422);
  const { detail } = (await response.json()) as { detail: { loc: string[] }[] };
  expect(detail[0]?.loc).toEqual(["body", "text"]);
});
