import pg from "pg";
import { expect, test } from "vitest";
import { createDatabasePool } from "../../src/scope/database-pool.ts";
import { adminDatabase } from "../../src/scope/database-server.ts";
import { workerDatabase } from "../../src/scope/worker-database.ts";
import { ask, useSmallStack } from "./small-stack.ts";

const run = useSmallStack("db");
const db = () => run().service("db");
const databases = async () => (await ask(db().url(), "SELECT datname FROM pg_database")).flat();
const ids = (url: string) => ask(url, "SELECT id FROM items ORDER BY id").then((rows) => rows.flat());
const gone = (name: string) => expect.poll(databases, { timeout: 30_000 }).not.toContain(name);

test("a reset without a template is refused: it would keep what it is to remove", async () => {
  await expect(db().reset()).rejects.toMatchObject({ code: "USAGE" });
});

test("a database is a copy as of the template, settings too, and is dropped when it is disposed of", async () => {
  await db().pool({ size: 1 });
  await ask(db().url(), "INSERT INTO items VALUES (50, 'later')");
  let name = "";
  {
    await using database = await db().database();
    name = database.name;
    expect(await ids(database.url)).toEqual([1, 2, 3]);
    expect(await ask(database.url, "SHOW work_mem")).toEqual([["7MB"]]);
    expect(await databases()).toContain(name);
    expect(database).toMatchObject({ host: "127.0.0.1", port: db().port, user: "owner" });
  }
  expect(await databases()).not.toContain(name);
});

test("nobody can connect to the template", async () => {
  const pool = await db().pool();
  const url = new URL(db().url());
  url.pathname = pool.template;
  await expect(ask(url.href, "SELECT 1")).rejects.toThrow("not currently accepting connections");
});

test("a warm pool hands out what is prepared, and prepares anew", async () => {
  const pool = await db().pool({ size: 2 });
  await pool.warm();
  const before = new Set(await databases());
  const handed = await Promise.all([pool.database(), pool.database()]);
  expect(handed.every(({ name }) => before.has(name))).toBe(true);
  await pool.warm();
  expect((await databases()).filter((name) => !before.has(name)).length).toBeGreaterThanOrEqual(2);
  await Promise.all(handed.map((database) => database.drop()));
});

test("another process's pool is handed out too, and no database twice", async () => {
  await (await db().pool({ size: 3 })).warm();
  await using other = await createDatabasePool({ adminUrl: db().url(), existing: true });
  const taken = await Promise.all([1, 2, 3, 4].flatMap(() => [other.database(), db().database()]));
  expect(new Set(taken.map(({ name }) => name)).size).toBe(8);
  for (const { url } of taken) await ask(url, "INSERT INTO items VALUES (99, 'mine')");
  await Promise.all(taken.map((database) => database.drop()));
});

test("a database gets the name asked for; a taken one is refused and leaves nothing", async () => {
  await using first = await db().database({ name: "mine: all of it" });
  expect(await ask(first.url, "SELECT current_database()")).toEqual([["mine: all of it"]]);
  const filler = await db().pool();
  await filler.warm();
  const before = await databases();
  await using other = await createDatabasePool({ adminUrl: db().url() });
  await expect(other.database({ name: "mine: all of it" })).rejects.toMatchObject({ code: "NAME_TAKEN" });
  await filler.warm();
  expect(await databases()).toHaveLength(before.length);
  await expect(db().database({ name: "x".repeat(64) })).rejects.toMatchObject({ code: "USAGE" });
});

test("a reset puts the stack's own database back, with clients connected, again and again", async () => {
  await db().pool({ size: 1 });
  const client = new pg.Client({ connectionString: db().url() });
  const lost = new Promise((resolve) => client.on("error", resolve));
  await client.connect();
  await client.query("INSERT INTO items VALUES (60, 'dirt')");
  await db().reset();
  expect(await lost).toMatchObject({ code: "57P01" });
  expect(await ids(db().url())).toEqual([1, 2, 3]);
  await ask(db().url(), "DROP TABLE items");
  await db().reset();
  expect(await ids(db().url())).toEqual([1, 2, 3]);
  expect(await ask(db().url(), "SHOW work_mem")).toEqual([["7MB"]]);
});

test("what is kept gets a name, and outlives its disposal", async () => {
  const database = await db().database();
  const name = await database.keep("kept: adds a row");
  await database[Symbol.asyncDispose]();
  expect(database.name).toBe(name);
  expect(await ids(database.url)).toEqual([1, 2, 3]);
  await database.drop();
  expect(await databases()).not.toContain(name);
});

test("a database that is disposed of after its pool was closed is left to the end of the run", async () => {
  const pool = await createDatabasePool({ adminUrl: db().url() });
  const database = await pool.database();
  await pool.close();
  await database[Symbol.asyncDispose]();
  await expect(database.drop()).rejects.toMatchObject({ code: "SCOPE_FAILED" });
  expect(await databases()).toContain(database.name);
});

test("a worker's database is reset without touching the others", async () => {
  await using one = await db().database();
  await using two = await db().database();
  await ask(one.url, "DELETE FROM items");
  await ask(two.url, "DELETE FROM items");
  await one.reset();
  expect(await ids(one.url)).toEqual([1, 2, 3]);
  expect(await ids(two.url)).toEqual([]);
});

test("a fixture per worker keeps its database, and keeps a failed test's for a look when asked", async () => {
  const kept: string[] = [];
  const worker = await workerDatabase(db().url(), {
    keepOnFailure: true,
    onKept: ({ name }) => kept.push(name),
  });
  const first = await worker.begin();
  await worker.end({ failed: false });
  expect(await worker.begin()).toBe(first);
  await worker.end({ failed: true });
  const next = await worker.begin();
  expect(next.name).not.toBe(first.name);
  await worker[Symbol.asyncDispose]();
  expect(kept).toEqual([first.name]);
  expect(await databases()).toContain(first.name);
  await gone(next.name);
});

test("a fixture per test gives each its own, which is gone soon", async () => {
  await using worker = await workerDatabase(db(), { per: "test" });
  const first = await worker.begin();
  await ask(first.url, "DELETE FROM items");
  await worker.end({ failed: true });
  const second = await worker.begin();
  expect(second.name).not.toBe(first.name);
  expect(await ids(second.url)).toEqual([1, 2, 3]);
  await gone(first.name);
});

test("tests beside each other have one each, and what nobody gave back is dropped at the end", async () => {
  const worker = await workerDatabase(db().url(), { per: "test", keepOnFailure: true });
  const [one, two, three] = [await worker.begin(), await worker.begin(), await worker.begin()];
  expect(new Set([one.name, two.name, three.name]).size).toBe(3);
  await worker.end({ failed: false, database: two });
  await gone(two.name);
  await worker.end({ failed: true, database: one });
  await worker[Symbol.asyncDispose]();
  expect(await databases()).toContain(one.name);
  await gone(three.name);
});

test("clients that a test has left open are not disconnected; its database goes once they have ended", async () => {
  const worker = await workerDatabase(db().url(), { per: "test" });
  const { url, name } = await worker.begin();
  const left = new pg.Client({ connectionString: url });
  await left.connect();
  await worker.end({ failed: false });
  await worker.begin();
  await worker[Symbol.asyncDispose]();
  expect((await left.query("SELECT count(*)::int AS items FROM items")).rows).toEqual([{ items: 3 }]);
  await left.end();
  await using next = await workerDatabase(db().url(), { per: "test" });
  await expect
    .poll(
      async () => {
        await next.begin();
        await next.end({ failed: false });
        return databases();
      },
      { timeout: 30_000 },
    )
    .not.toContain(name);
});

test("it goes on after the server was restarted", async () => {
  await db().pool({ size: 1 });
  await db().restart();
  await using database = await db().database();
  expect(await ids(database.url)).toEqual([1, 2, 3]);
});

test("clones are prepared again after a restart, without a query that would notice it", async () => {
  await (await db().pool({ size: 2 })).warm();
  await db().restart();
  await using other = await createDatabasePool({ adminUrl: db().url(), existing: true });
  const admin = new URL(db().url());
  admin.pathname = adminDatabase;
  const spares = () => ask(admin.href, "SELECT count(*)::int FROM databases WHERE state = 'spare'");
  const [[before]] = (await spares()) as [[number]];
  await other.database();
  await expect.poll(spares, { timeout: 30_000 }).toEqual([[before]]);
});

test("a drop that failed can be tried again", async () => {
  const database = await db().database();
  await db().kill();
  await expect(database.drop()).rejects.toMatchObject({ code: "SCOPE_FAILED" });
  await db().restart();
  await database.drop();
  expect(await databases()).not.toContain(database.name);
});

test("what is no PostgreSQL is refused, and an error never shows a password", async () => {
  await expect(db().redisDatabase()).rejects.toMatchObject({ code: "USAGE", service: "db" });
  await expect(createDatabasePool({ adminUrl: "redis://:hidden@x" })).rejects.toMatchObject({
    code: "USAGE",
  });
  const wrong = new URL(db().url());
  wrong.password = "hidden";
  const error = await createDatabasePool({ adminUrl: wrong.href }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "SCOPE_FAILED" });
  expect(String(error)).not.toContain("hidden");
});
