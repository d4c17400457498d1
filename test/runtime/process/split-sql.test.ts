import { expect, test } from "vitest";
import { splitSql } from "../../../src/runtime/process/postgres/split-sql.ts";

const texts = (sql: string) => splitSql(sql).map(({ text }) => text);

test.each<[string, string, readonly string[]]>([
  ["nothing", " \n-- only a comment\n/* and another */", []],
  ["the last without its semicolon", "a; b", ["a", "b"]],
  ["semicolons in strings", "select 'a;''b;'; c", ["select 'a;''b;'", "c"]],
  ["a backslash in a plain string", "select 'a\\'; c", ["select 'a\\'", "c"]],
  ["a quote escaped in an E string", "select E'a\\';b'; c", ["select E'a\\';b'", "c"]],
  ["semicolons in names", 'select ";"; c', ['select ";"', "c"]],
  ["dollar quotes", "do $x$ a; $$ b; $x$; c", ["do $x$ a; $$ b; $x$", "c"]],
  ["parameters are no dollar quotes", "select $1; c", ["select $1", "c"]],
  ["line comments", "a -- it's; \n b; c", ["a -- it's; \n b", "c"]],
  ["nested comments", "a /* ; /* ; */ ; ' */ b; c", ["a /* ; /* ; */ ; ' */ b", "c"]],
  [
    "rules with several commands",
    "create rule r as on x do (a; b); c",
    ["create rule r as on x do (a; b)", "c"],
  ],
  [
    "bodies between begin and end",
    "create or replace function f() returns int begin atomic select case when a then 1 end; select 2; end; c",
    [
      "create or replace function f() returns int begin atomic select case when a then 1 end; select 2; end",
      "c",
    ],
  ],
  ["transactions", "begin; a; end; c", ["begin", "a", "end", "c"]],
  [
    "psql's own commands",
    "\\restrict abc\nselect 1;\n\\connect db\nc;",
    ["\\restrict abc", "select 1", "\\connect db", "c"],
  ],
])("%s", (_what, sql, expected) => {
  expect(texts(sql)).toEqual(expected);
});

test("every statement knows its line", () => {
  expect(splitSql("a;\n\n-- why\nb\n;c").map(({ line }) => line)).toEqual([1, 4, 5]);
});
