import { expect, test } from "vitest";
import { viewOf } from "../../src/adapters/stack-in-tests.ts";
import { type StackValues, valuesOf } from "../../src/run/control/stack-values.ts";
import { connectRedis } from "../../src/scope/redis-connection.ts";
import { readRedisUrl } from "../../src/scope/redis-url.ts";
import { ask, useSmallStack } from "../scope/small-stack.ts";

const run = useSmallStack("db", "cache");
/** As every test file makes one. */
const newView = async () => {
  const values: StackValues = await valuesOf(run());
  return viewOf(() => values);
};

test("all databases of a process, from whichever view, come over two connections", async () => {
  const db = async () => (await newView()).service("db");
  const databases = [await (await db()).database(), await (await db()).database()];
  databases.push(...(await Promise.all([db(), db(), db()].map(async (each) => (await each).database()))));
  expect(new Set(databases.map(({ name }) => name)).size).toBe(5);
  const url = (await db()).url();
  const connections = () =>
    ask(url, "SELECT count(*)::int FROM pg_stat_activity WHERE application_name = 'rollcall'");
  expect(await connections()).toEqual([[2]]);
  await databases[0]?.drop();
  expect(await ask(databases[1]?.url ?? "", "SELECT count(*)::int FROM items")).toEqual([[3]]);
});

test("the stack's own database is reset", async () => {
  const db = (await newView()).service("db");
  await ask(db.url(), "DELETE FROM items");
  await db.reset();
  expect(await ask(db.url(), "SELECT count(*)::int FROM items")).toEqual([[3]]);
});

test("a Redis database of one's own, and a reset of the stack's", async () => {
  const cache = (await newView()).service("cache");
  await using own = await cache.redisDatabase();
  expect(own.index).toBeGreaterThan(0);
  const connections = await Promise.all([cache.url(), own.url].map((url) => connectRedis(readRedisUrl(url))));
  const send = (...words: string[]) =>
    Promise.all(connections.map((connection) => connection.send(...words)));
  await send("SET", "key", "value");
  await cache.reset();
  expect(await send("GET", "key")).toEqual([null, "value"]);
  for (const connection of connections) connection.close();
});

test("a service of another kind is refused by name", async () => {
  const { service } = await newView();
  await expect(service("cache").database()).rejects.toMatchObject({ code: "USAGE", service: "cache" });
  await expect(service("db").redisDatabase()).rejects.toMatchObject({ code: "USAGE", service: "db" });
});
