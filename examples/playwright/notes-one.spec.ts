import { expect } from "@playwright/test";
import pg from "pg";
import { test } from "./test.ts";

test("this worker's notes are its own", async ({ databaseUrl }) => {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  await client.query("INSERT INTO notes (text) VALUES ($1)", ["one"]);
  const { rows } = await client.query("SELECT text FROM notes WHERE text = $1", ["one"]);
  await client.end();
  expect(rows).toEqual([{ text: "one" }]);
});
