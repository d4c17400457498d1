import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type pg from "pg";

/** Any fixed number: instances of this service take the same one. */
const LOCK = 7_364_101;
const FILE = /^(\d{4})_[a-z0-9_]+\.sql$/;

/**
 * Brings the schema up to date: files in the order of their numbers, a transaction each, one instance at a time.
 * @returns the names of what ran now.
 */
export async function migrate(client: pg.Client, folder: string): Promise<string[]> {
  const files = (await readdir(folder)).filter((file) => FILE.test(file)).sort();
  if ((await pending(client, files)).length === 0) return [];
  await client.query("SELECT pg_advisory_lock($1)", [LOCK]);
  try {
    await client.query(
      "CREATE TABLE IF NOT EXISTS schema_migrations (version integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())",
    );
    const ran = await pending(client, files);
    for (const file of ran) await apply(client, file, await readFile(join(folder, file), "utf8"));
    return ran;
  } finally {
    await client.query("SELECT pg_advisory_unlock($1)", [LOCK]).catch(() => {});
  }
}

async function pending(client: pg.Client, files: readonly string[]): Promise<string[]> {
  const table = await client.query<{ found: string | null }>(
    "SELECT to_regclass('schema_migrations') AS found",
  );
  if (table.rows[0]?.found === null) return [...files];
  const applied = await client.query<{ version: number }>("SELECT version FROM schema_migrations");
  const versions = new Set(applied.rows.map((row) => row.version));
  return files.filter((file) => !versions.has(versionOf(file)));
}

async function apply(client: pg.Client, file: string, sql: string): Promise<void> {
  try {
    await client.query("BEGIN");
    await client.query(sql);
    await client.query("INSERT INTO schema_migrations (version, name) VALUES ($1, $2)", [
      versionOf(file),
      file,
    ]);
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    throw new Error(`migration ${file} failed: ${(error as Error).message}`);
  }
}

function versionOf(file: string): number {
  return Number(FILE.exec(file)?.[1]);
}
