import { ownerAlive, ownerOfThisProcess } from "../util/owner.ts";
import type { Queries } from "./admin-connection.ts";

/**
 * What was made on a server, a row a database, in `rollcall_admin`. `spare`: whoever asks gets it. `used`: belongs to
 * the process that is its owner. `done`: nobody needs it, and it goes once nobody is connected to it. `kept`: stays
 * until the run ends.
 */
export const listSql = `CREATE TABLE IF NOT EXISTS databases (
  name text PRIMARY KEY, template text NOT NULL, owner text,
  state text NOT NULL CHECK (state IN ('spare', 'used', 'done', 'kept')))`;

/** Told, with the template's name, when a prepared one was handed out and when one is done with. */
export const changed = "rollcall_databases_changed";

/** Before it is made: what is made has an owner at every moment. */
export async function enlist(connection: Queries, name: string, template: string): Promise<void> {
  await connection.query("INSERT INTO databases (name, template, state, owner) VALUES ($1, $2, 'used', $3)", [
    name,
    template,
    thisProcess(),
  ]);
}

export async function strikeOut(connection: Queries, name: string): Promise<void> {
  await connection.query("DELETE FROM databases WHERE name = $1", [name]);
}

export async function makeSpare(connection: Queries, name: string): Promise<void> {
  await connection.query("UPDATE databases SET state = 'spare', owner = NULL WHERE name = $1", [name]);
}

/** Atomic over all processes. */
export async function claimSpare(connection: Queries, template: string): Promise<string | undefined> {
  const [row] = await connection.query(
    `WITH taken AS (
       UPDATE databases SET state = 'used', owner = $2 WHERE name = (
         SELECT name FROM databases WHERE template = $1 AND state = 'spare' LIMIT 1 FOR UPDATE SKIP LOCKED
       ) RETURNING name
     ) SELECT name, pg_notify('${changed}', $1) FROM taken`,
    [template, thisProcess()],
  );
  return row === undefined ? undefined : String(row["name"]);
}

export async function countSpares(connection: Queries, template: string): Promise<number> {
  const [row] = await connection.query(
    "SELECT count(*)::int AS spares FROM databases WHERE template = $1 AND state = 'spare'",
    [template],
  );
  return Number(row?.["spares"]);
}

export async function markKept(connection: Queries, name: string): Promise<void> {
  await connection.query("UPDATE databases SET state = 'kept' WHERE name = $1", [name]);
}

export async function markDone(connection: Queries, name: string): Promise<void> {
  await connection.query(
    `WITH done AS (
       UPDATE databases SET state = 'done', owner = NULL WHERE name = $1 AND state <> 'kept' RETURNING template
     ) SELECT pg_notify('${changed}', template) FROM done`,
    [name],
  );
}

/** What belonged to processes of this host that have died is done with. */
export async function markAbandoned(connection: Queries): Promise<void> {
  const rows = await connection.query("SELECT DISTINCT owner FROM databases WHERE state = 'used'");
  const dead = rows.map((row) => String(row["owner"])).filter((owner) => !ownerAlive(JSON.parse(owner)));
  if (dead.length === 0) return;
  await connection.query(
    "UPDATE databases SET state = 'done', owner = NULL WHERE state = 'used' AND owner = ANY($1)",
    [dead],
  );
}

/** Those that are done with and that nobody is connected to. */
export async function listDroppable(connection: Queries): Promise<readonly string[]> {
  const rows = await connection.query(
    `SELECT name FROM databases WHERE state = 'done'
     AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = databases.name)`,
  );
  return rows.map((row) => String(row["name"]));
}

function thisProcess(): string {
  return JSON.stringify(ownerOfThisProcess());
}
