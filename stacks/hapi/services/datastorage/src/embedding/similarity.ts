import type { Redis } from "ioredis";
import type { Logger } from "pino";
import { sha256Hex } from "../workflows/request.ts";

/** How long a search waits for vectors; what comes later still fills the cache. */
const DEADLINE_MS = 1500;
const REQUEST_TIMEOUT_MS = 5000;
const CACHE_SECONDS = 24 * 60 * 60;
const MAX_CHARACTERS = 10_000;
const AT_ONCE = 4;

/** Cosine similarity to `query` by text, for as many texts as could be had in time. Never rejects. */
export type Similarity = (query: string, texts: readonly string[]) => Promise<Map<string, number>>;

type Vector = readonly number[];

export function createSimilarity({
  url,
  redis,
  log,
}: {
  readonly url: string;
  readonly redis: Redis;
  readonly log: Logger;
}): Similarity {
  const asked = new Map<string, Promise<Vector | undefined>>();
  const embed = (text: string): Promise<Vector | undefined> => {
    const running = asked.get(text) ?? fetchVector(url, redis, text, log).finally(() => asked.delete(text));
    asked.set(text, running);
    return running;
  };

  return async (query, texts) => {
    const wanted = [...new Set([query, ...texts])].filter((text) => text.trim() !== "");
    const vectors = await cached(redis, wanted);
    const missing = wanted.filter((text) => !vectors.has(text));
    await within(
      DEADLINE_MS,
      inTurns(missing, AT_ONCE, async (text) => {
        const vector = await embed(text);
        if (vector !== undefined) vectors.set(text, vector);
        return vector !== undefined;
      }),
    );
    const result = new Map<string, number>();
    const from = vectors.get(query);
    for (const text of texts) {
      const to = vectors.get(text);
      if (from !== undefined && to?.length === from.length) result.set(text, cosine(from, to));
    }
    return result;
  };
}

function keyOf(text: string): string {
  return `embeddings:${sha256Hex(text)}`;
}

async function cached(redis: Redis, texts: readonly string[]): Promise<Map<string, Vector>> {
  const found = new Map<string, Vector>();
  if (texts.length === 0) return found;
  const values = await redis.mget(texts.map(keyOf)).catch(() => []);
  for (const [index, value] of values.entries()) {
    const vector = value === null ? undefined : parseVector(value);
    const text = texts[index];
    if (vector !== undefined && text !== undefined) found.set(text, vector);
  }
  return found;
}

function parseVector(text: string): Vector | undefined {
  try {
    return vectorOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function vectorOf(value: unknown): Vector | undefined {
  return Array.isArray(value) && value.length > 0 && value.every((item) => Number.isFinite(item))
    ? value
    : undefined;
}

async function fetchVector(
  url: string,
  redis: Redis,
  text: string,
  log: Logger,
): Promise<Vector | undefined> {
  try {
    const response = await fetch(`${url}/api/v1/embed`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ text: text.slice(0, MAX_CHARACTERS).toWellFormed() }),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const vector = vectorOf(((await response.json()) as { embedding?: unknown }).embedding);
    if (vector === undefined) throw new Error("no embedding in the answer");
    await redis.set(keyOf(text), JSON.stringify(vector), "EX", CACHE_SECONDS).catch(() => {});
    return vector;
  } catch (error) {
    log.debug({ err: (error as Error).message }, "the embedding service gave no vector");
    return undefined;
  }
}

/** Ends early when one of them fails: the service is away, the others would fail as well. */
async function inTurns<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<boolean>,
): Promise<void> {
  const rest = [...items];
  let failed = false;
  const lane = async () => {
    for (let item = rest.shift(); item !== undefined && !failed; item = rest.shift()) {
      if (!(await work(item))) failed = true;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

async function within(limitMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}

function cosine(a: Vector, b: Vector): number {
  let dot = 0;
  let aa = 0;
  let bb = 0;
  for (const [index, x] of a.entries()) {
    const y = b[index] ?? 0;
    dot += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa === 0 || bb === 0 ? 0 : dot / Math.sqrt(aa * bb);
}
