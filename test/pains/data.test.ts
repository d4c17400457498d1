import { writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunEvent } from "../../src/journal/events.ts";
import type { Run } from "../../src/run/types.ts";
import { attempt, stackIn, useHome } from "./rig.ts";

const home = useHome();
let run: Run | undefined;
let events: readonly RunEvent[] = [];
let again: () => Promise<void> = async () => {};

beforeAll(async () => {
  const init = join(home.dir, "slow.sql");
  // Long enough for an init server to be mistaken for the real one.
  writeFileSync(init, "SELECT pg_sleep(0.5); CREATE TABLE made_by_init AS SELECT 42 AS answer;\n");
  const stack = await stackIn(
    home,
    {
      db: {
        recipe: "postgres",
        user: "team",
        password: "one-definition",
        database: "shop",
        init: [init],
        settings: { max_connections: 37 },
        budget: "90s",
      },
    },
    { exports: { DATABASE_URL: "${db.url}" } },
  );
  const start = async () => {
    const tried = await attempt(stack);
    if (tried.error !== undefined) throw tried.error;
    ({ run, events } = tried);
  };
  await start();
  again = async () => {
    await run?.down();
    await start();
  };
});
afterAll(() => run?.down());

async function ask(sql: string): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: run?.env["DATABASE_URL"] ?? "" });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: "array" })).rows;
  } finally {
    await client.end();
  }
}

test("pain 7: the gate opens on a query to the final server, after the init SQL, as the real user", async () => {
  const gate = events.find((event) => event.type === "gate.opened");
  expect(gate).toMatchObject({ level: "query", observed: expect.stringContaining("as team on shop") });
  expect(await ask("SELECT answer FROM made_by_init")).toEqual([[42]]);
});

test("pain 22: what the stack exports logs in, because both come from one definition", async () => {
  expect(await ask("SELECT current_user, current_database()")).toEqual([["team", "shop"]]);
});

test("pain 23: the server's limits are what the definition says", async () => {
  expect(await ask("SHOW max_connections")).toEqual([["37"]]);
});

test("pain 24: what takes its time says what it does", () => {
  const told = events.flatMap((event) => (event.type === "prepare.progress" ? [event.text] : []));
  expect(told).toEqual([expect.stringMatching(/^PostgreSQL \d+/)]);
  expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(["prepare.started", "prepare.done"]));
});

test("pain 20: every run begins with fresh data", async () => {
  await ask("INSERT INTO made_by_init VALUES (1)");
  await again();
  expect(await ask("SELECT count(*)::int FROM made_by_init")).toEqual([[1]]);
});
