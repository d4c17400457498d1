import { expect, test } from "vitest";
import { createDatabasePool } from "../../src/scope/database-pool.ts";
import { connectRedis } from "../../src/scope/redis-connection.ts";
import { readRedisUrl } from "../../src/scope/redis-url.ts";
import { usePrograms } from "./programs.ts";
import { ask, useSmallStack } from "./small-stack.ts";

const run = useSmallStack("db", "cache");
const programs = usePrograms();
const urls = () => [run().service("db").url(), run().service("cache").url()];

test("four workers that write the same keys and rows at once find nothing but their own", async () => {
  const names = ["a", "b", "c", "d"];
  // Whoever comes first makes the template.
  const pool = run().service("db").pool({ size: 2 });
  const ends = await Promise.all(names.map((name) => programs.run("writer", [...urls(), name])));
  expect(ends.map(({ code, errors }) => ({ code, errors }))).toEqual(
    names.map(() => ({ code: 0, errors: "" })),
  );
  await pool;
  const found = ends.map(({ output }) => JSON.parse(output));
  expect(found).toMatchObject(
    names.map((name) => ({ rows: 31, workers: [name], owner: name, count: "30", keys: 2 })),
  );
  expect(new Set(found.map(({ database }) => database)).size).toBe(4);
  // A Redis number is free again once its worker has ended, so it may have served two of them, one after the other: that
  // nobody shared one at the same time is what each found there.
  // Disposed of: dropped, and nothing was written to the stack's own.
  const own = await ask(run().service("db").url(), "SELECT id, worker FROM items ORDER BY id");
  expect(own).toEqual([1, 2, 3].map((id) => [id, "init"]));
  const left = await ask(run().service("db").url(), "SELECT datname FROM pg_database");
  expect(left.flat()).not.toEqual(expect.arrayContaining([found[0].database]));
});

test("what a killed process had is dropped by whoever makes databases next, unless it was kept", async () => {
  const url = run().service("db").url();
  const listed = async () =>
    (await ask(url, "SELECT datname FROM pg_database WHERE datname ~ '^rollcall_[a-z2-7]{12}$'")).flat();
  await (await run().service("db").pool({ size: 2 })).warm();
  await using mine = await run().service("db").database();
  const { signal, output } = await programs.run("interrupted", [url]);
  expect(signal).toBe("SIGKILL");
  const [used, kept] = output.split(" ");
  await using pool = await createDatabasePool({ adminUrl: url });
  await expect.poll(listed, { timeout: 30_000 }).not.toContain(used);
  await pool.warm(2);
  // No claim of the dead is left either: there is what is prepared, what is kept and what is in use.
  await expect.poll(async () => (await listed()).length, { timeout: 30_000 }).toBe(4);
  expect(await listed()).toEqual(expect.arrayContaining([kept, mine.name]));
});

test("a program that takes databases and disposes of nothing ends by itself", async () => {
  const end = await programs.run("forgetful", urls());
  expect(end).toMatchObject({ code: 0, signal: null, errors: "" });
  expect(end.output).toMatch(/^rollcall_[a-z2-7]{12} \d+$/);
  // Its number is free again.
  const redis = await connectRedis(readRedisUrl(run().service("cache").url()));
  const clients = () => redis.send("CLIENT", "LIST");
  await expect.poll(clients, { timeout: 30_000 }).not.toContain("name=rollcall-db-");
  redis.close();
});
