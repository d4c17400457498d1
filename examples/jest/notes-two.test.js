const pg = require("pg");

test("this file's notes are its own", async () => {
  const client = new pg.Client(process.env.DATABASE_URL);
  await client.connect();
  await client.query("INSERT INTO notes (text) VALUES ($1)", ["two"]);
  const { rows } = await client.query("SELECT text FROM notes ORDER BY id");
  await client.end();
  expect(rows).toEqual([{ text: "the first note" }, { text: "two" }]);
});
