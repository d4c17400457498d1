import assert from "node:assert/strict";
import { it } from "node:test";
import pg from "pg";
import { useStack } from "rollcall/node-test";
import definition from "../rollcall.config.js";

const stack = await useStack(definition);

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
