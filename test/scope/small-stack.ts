import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll } from "vitest";
import { up } from "../../src/run/start/up.ts";
import type { Run } from "../../src/run/types.ts";
import { type Declared, defineStack, postgres, redis } from "../../src/stack/define.ts";

const initSql = `
  CREATE TABLE items (id int PRIMARY KEY, worker text NOT NULL);
  INSERT INTO items SELECT n, 'init' FROM generate_series(1, 3) n;
  ALTER DATABASE shop SET work_mem = '7MB';
`;

const recipes = {
  db: postgres({ user: "owner", password: "pa:ss/w@rd", database: "shop", init: ["init.sql"] }),
  cache: redis(),
};

/** PostgreSQL `db` and Redis `cache`, or one of them, up for all tests of a file. */
export function useSmallStack(...names: readonly (keyof typeof recipes)[]): () => Run {
  let run: Run | undefined;
  let dir = "";
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "rollcall-scope-"));
    await writeFile(join(dir, "init.sql"), initSql);
    const services: Record<string, Declared> = Object.fromEntries(names.map((name) => [name, recipes[name]]));
    run = await up(defineStack({ name: "scopes", dir, services }), { runtime: "process" });
  });
  afterAll(async () => {
    await run?.down();
    await rm(dir, { recursive: true, force: true });
  });
  return () => {
    if (run === undefined) throw new Error("the stack is not up");
    return run;
  };
}

/** The rows of one query over a connection of its own. */
export async function ask(url: string, sql: string): Promise<readonly (readonly unknown[])[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query<unknown[]>({ text: sql, rowMode: "array" })).rows;
  } finally {
    await client.end();
  }
}
