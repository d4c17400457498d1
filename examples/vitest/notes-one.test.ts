import pg from "pg";
import { expect } from "vitest";
import { test } from "./test.ts";

test("this file's notes are its own", async ({ databaseUrl }) => {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  await client.query("INSERT INTO notes (text) VALUES ($1)", ["one"]);
  const { rows } = await client.query("SELECT text FROM notes ORDER BY id");
  await client.end();
  expect(rows).toEqual([{ text: "the first note" }, { text: "one" }]);
});
