import assert from "node:assert/strict";
import { it } from "mocha";
import pg from "pg";
import { stackInTests } from "rollcall/mocha";
import definition from "../rollcall.config.js";

const stack = stackInTests(definition);

it("this file's notes are its own", async () => {
  const database = await stack.service("db").database();
  const client = new pg.Client(database.url);
  await client.connect();
  await client.query("INSERT INTO notes (text) VALUES ($1)", ["two"]);
  const { rows } = await client.query("SELECT text FROM notes ORDER BY id");
  await client.end();
  await database.drop();
  assert.deepEqual(rows, [{ text: "the first note" }, { text: "two" }]);
});
