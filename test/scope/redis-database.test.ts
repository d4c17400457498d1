import { expect, test } from "vitest";
import { connectRedis } from "../../src/scope/redis-connection.ts";
import { createRedisDatabase, type RedisDatabase } from "../../src/scope/redis-database.ts";
import { readRedisUrl } from "../../src/scope/redis-url.ts";
import { useSmallStack } from "./small-stack.ts";

const run = useSmallStack("cache");
const cache = () => run().service("cache");

async function redis(url: string, ...words: readonly string[]): Promise<unknown> {
  const connection = await connectRedis(readRedisUrl(url));
  try {
    return await connection.send(...words);
  } finally {
    connection.close();
  }
}

test("a numbered database is empty, not the stack's own, and is emptied when it is disposed of", async () => {
  let url = "";
  {
    await using own = await cache().redisDatabase();
    url = own.url;
    expect(own.index).toBeGreaterThan(0);
    expect(own.prefix).toBe("");
    await redis(url, "SET", "key", "value");
    expect(await redis(cache().url(), "GET", "key")).toBeNull();
  }
  expect(await redis(url, "DBSIZE")).toBe(0);
});

test("a claim writes nothing, and no FLUSHALL of a test can lose it", async () => {
  await using own = await cache().redisDatabase();
  expect(await redis(cache().url(), "INFO", "keyspace")).not.toMatch(/^db/m);
  await redis(cache().url(), "FLUSHALL");
  const others = await Promise.all(Array.from({ length: 14 }, () => cache().redisDatabase()));
  expect(others.map(({ index }) => index)).not.toContain(own.index);
  await Promise.all(others.map((other) => other[Symbol.asyncDispose]()));
});

test("when every number is taken, a prefix keeps workers apart, and flushing it removes nothing else", async () => {
  const taken: RedisDatabase[] = [];
  for (let count = 0; count < 17; count += 1) taken.push(await cache().redisDatabase());
  const numbers = taken.filter(({ prefix }) => prefix === "").map(({ index }) => index);
  expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 15 }, (_, index) => index + 1));
  const [one, two] = taken.filter(({ prefix }) => prefix !== "");
  await redis(cache().url(), "SET", "foreign", "stays");
  await redis(one?.url ?? "", "SET", `${one?.prefix}ключ`, "1");
  await redis(two?.url ?? "", "SET", `${two?.prefix}key`, "2");
  await one?.flush();
  expect(await redis(cache().url(), "DBSIZE")).toBe(2);
  for (const each of taken) await each[Symbol.asyncDispose]();
  expect(await redis(cache().url(), "KEYS", "*")).toEqual(["foreign"]);
  await using again = await cache().redisDatabase();
  expect(again.prefix).toBe("");
});

test("a database that a service of the stack uses is never handed out", async () => {
  const service = await connectRedis({ ...readRedisUrl(cache().url()), index: 3 });
  await redis(cache().url().replace(/\/?$/, "/5").replace("/0/5", "/5"), "SET", "data", "of a service");
  const taken: RedisDatabase[] = [];
  for (let count = 0; count < 14; count += 1) taken.push(await cache().redisDatabase());
  const numbers = taken.filter(({ prefix }) => prefix === "").map(({ index }) => index);
  expect(numbers).toHaveLength(13);
  expect(numbers).not.toContain(3);
  expect(numbers).not.toContain(5);
  service.close();
  for (const each of taken) await each[Symbol.asyncDispose]();
});

test("a claim outlives a restart of the server", async () => {
  await using own = await createRedisDatabase({ url: cache().url() });
  await cache().restart();
  const claims = () => redis(cache().url(), "CLIENT", "LIST");
  await expect.poll(claims, { timeout: 30_000 }).toContain(`name=rollcall-db-${own.index}-`);
});

test("a number that somebody else has taken meanwhile is left to him", async () => {
  const own = await createRedisDatabase({ url: cache().url() });
  const other = await connectRedis({ ...readRedisUrl(cache().url()), index: own.index });
  await other.send("SET", "theirs", "1");
  await other.send("CLIENT", "SETNAME", `rollcall-db-${own.index}-other`);
  const claims = async () =>
    String(await other.send("CLIENT", "LIST")).match(new RegExp(`name=rollcall-db-${own.index}-\\w+`, "g"));
  const [, id] =
    /^id=(\d+) .*name=rollcall-db-\d+-(?!other)/m.exec(String(await other.send("CLIENT", "LIST"))) ?? [];
  await other.send("CLIENT", "KILL", "ID", id ?? "");
  await expect.poll(claims, { timeout: 30_000 }).toEqual([`name=rollcall-db-${own.index}-other`]);
  await expect(own[Symbol.asyncDispose]()).rejects.toMatchObject({ code: "SCOPE_FAILED" });
  expect(await other.send("GET", "theirs")).toBe("1");
  await other.send("FLUSHDB");
  other.close();
});

test("a reset empties the stack's own database and leaves the workers theirs", async () => {
  await using own = await cache().redisDatabase();
  await redis(own.url, "SET", "mine", "1");
  await redis(cache().url(), "SET", "shared", "1");
  await cache().reset();
  expect(await redis(cache().url(), "DBSIZE")).toBe(0);
  expect(await redis(own.url, "DBSIZE")).toBe(1);
});

test("what is no Redis is refused by name", async () => {
  await expect(cache().database()).rejects.toMatchObject({ code: "USAGE", service: "cache" });
  await expect(createRedisDatabase({ url: "http://x" })).rejects.toMatchObject({ code: "USAGE" });
});
