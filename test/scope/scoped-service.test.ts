import { expect, test } from "vitest";
import { scopedService } from "../../src/run/control/run-scopes.ts";
import { readPostgresUrl } from "../../src/scope/postgres-url.ts";
import { exec } from "../../src/stack/define.ts";
import { unitOf } from "../stack/stack-of.ts";

function scopeOf(input: Record<string, unknown>) {
  const scoped = scopedService(unitOf(input), (port) => ({
    host: "127.0.0.1",
    port: port === "sql" ? 2 : 1,
  }));
  return { kind: scoped.kind, url: scoped.url() };
}

test("a probe of PostgreSQL says as whom and on which port", () => {
  const ready = { postgres: { port: "sql", user: "me", password: "a b/c", database: "shop" } };
  const input = { image: "x", ports: { web: { container: 80 }, sql: { container: 5432 } }, ready };
  expect(scopeOf(input)).toEqual({ kind: "postgres", url: "postgresql://me:a%20b%2Fc@127.0.0.1:2/shop" });
});

test("without such a probe, the scheme of a port tells the kind", () => {
  const ready = exec(["true"]);
  const ports = { sql: { container: 5432, scheme: "postgresql" } };
  expect(scopeOf({ image: "x", ports, ready })).toEqual({
    kind: "postgres",
    url: "postgresql://postgres@127.0.0.1:2/postgres",
  });
  const other = { cache: { container: 6379, scheme: "redis" } };
  expect(scopeOf({ image: "x", ports: other, ready })).toEqual({
    kind: "redis",
    url: "redis://127.0.0.1:1/0",
  });
});

test("the recipe of Redis with a password, and a service of neither kind", () => {
  expect(scopeOf({ recipe: "redis", password: "se:cret" })).toEqual({
    kind: "redis",
    url: "redis://:se%3Acret@127.0.0.1:1/0",
  });
  expect(
    scopeOf({ image: "x", ports: { http: { container: 80 } }, ready: exec(["true"]) }).kind,
  ).toBeUndefined();
});

test("a URL of PostgreSQL is read as it was written, whatever is in it", () => {
  expect(readPostgresUrl("postgresql://me:a%20b%2Fc@127.0.0.1:2/my%3Fshop")).toEqual({
    host: "127.0.0.1",
    port: 2,
    user: "me",
    password: "a b/c",
    database: "my?shop",
  });
});
