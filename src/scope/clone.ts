import { createHash } from "node:crypto";
import { randomLetters } from "../util/random-letters.ts";
import type { Queries } from "./admin-connection.ts";
import { enlist, listDroppable, makeSpare, markAbandoned, markDone, strikeOut } from "./database-list.ts";
import { codeOf, type DatabaseServer, underLock, unlessLocked } from "./database-server.ts";
import { sqlName } from "./sql-name.ts";
import { withoutClients } from "./without-clients.ts";

const longestName = 63;
/** One clone at a time on the whole server: many at once have tails of a second. */
export const cloningLock = "cloning";

/** Random, so that no two processes ever make the same one. */
export function newDatabaseName(prefix = "rollcall"): string {
  return `${cut(prefix, longestName - 13)}_${randomLetters(12)}`;
}

export function templateOf(source: string): string {
  const name = `rollcall_template_${source}`;
  if (Buffer.byteLength(name) <= longestName) return name;
  return `rollcall_template_${createHash("sha256").update(source).digest("hex").slice(0, 32)}`;
}

/**
 * The template of a database: a copy as it is now, unless there is one already, which is what is told. Sealed: nobody
 * can connect to it, so that cloning it never has to wait for a client. Clients of the database itself are disconnected
 * for the copy.
 */
export async function ensureTemplate(server: DatabaseServer, source: string): Promise<"made" | "found"> {
  const template = templateOf(source);
  if (await exists(server.desk, template)) return "found";
  const { desk } = server;
  return server.inTurn((workshop) =>
    underLock(workshop, cloningLock, async () => {
      if (await exists(workshop, template)) return "found";
      const making = `rollcall_making_${template.slice(-40)}`;
      await workshop.query(`DROP DATABASE IF EXISTS ${sqlName(making)}`);
      const recipe = await readCloneRecipe(server, source);
      await withoutClients(desk, [source], () => workshop.query(cloneSql(recipe, making)));
      if (recipe.hasSettings) await copySettings(workshop, source, making);
      // Only what is complete has the name, and only what has it is a template: those cannot be dropped.
      await workshop.query(
        `ALTER DATABASE ${sqlName(making)} ALLOW_CONNECTIONS false IS_TEMPLATE true;
         ALTER DATABASE ${sqlName(making)} RENAME TO ${sqlName(template)}`,
      );
      return "made";
    }),
  );
}

/** How a database is copied; read once for all its clones. */
export interface CloneRecipe {
  readonly from: string;
  /** What follows the names. */
  readonly manner: string;
  /** ALTER DATABASE … SET was said of it. */
  readonly hasSettings: boolean;
}

export async function readCloneRecipe(server: DatabaseServer, from: string): Promise<CloneRecipe> {
  const [found] = await server.desk.query(
    `SELECT pg_get_userbyid(datdba) AS owner, pg_get_userbyid(datdba) = current_user AS mine,
       EXISTS (SELECT FROM pg_db_role_setting WHERE setdatabase = pg_database.oid) AS settings
     FROM pg_database WHERE datname = $1`,
    [from],
  );
  const owner =
    found === undefined || found["mine"] === true ? "" : ` OWNER ${sqlName(String(found["owner"]))}`;
  // Copying files is several times faster than logging every page.
  const strategy = (await server.version()) >= 150000 ? " STRATEGY FILE_COPY" : "";
  return { from, manner: `${owner}${strategy}`, hasSettings: found?.["settings"] === true };
}

/** Call it with the workshop's connection in hands, under `cloningLock`. */
export async function cloneDatabase(
  workshop: Queries,
  recipe: CloneRecipe,
  state: "spare" | "used",
): Promise<string> {
  const name = newDatabaseName();
  await enlist(workshop, name, recipe.from);
  try {
    await workshop.query(cloneSql(recipe, name));
    if (recipe.hasSettings) await copySettings(workshop, recipe.from, name);
    if (state === "spare") await makeSpare(workshop, name);
  } catch (error) {
    await markDone(workshop, name).catch(() => {});
    throw error;
  }
  return name;
}

/** Its clients are disconnected. A database that is gone already is fine. */
export async function dropDatabase(
  server: DatabaseServer,
  name: string,
  inTurn: DatabaseServer["inTurn"] = server.inTurn,
): Promise<void> {
  const force = (await server.version()) >= 130000;
  const sql = `DROP DATABASE IF EXISTS ${sqlName(name)}${force ? " WITH (FORCE)" : ""}`;
  await inTurn(async (workshop) => {
    if (force) await workshop.query(sql);
    else await withoutClients(server.desk, [name], () => workshop.query(sql));
    await strikeOut(workshop, name);
  });
}

/** Drops what is done with, unless somebody is connected to it: clients of the living are not disconnected. */
export async function dropDone(server: DatabaseServer): Promise<void> {
  await markAbandoned(server.desk.quietly);
  for (const name of await listDroppable(server.desk.quietly)) {
    await server.quietlyInTurn((workshop) => dropUnused(workshop, name)).catch(() => {});
  }
}

async function dropUnused(workshop: Queries, name: string): Promise<void> {
  await unlessLocked(workshop, `dropping ${name}`, async () => {
    await workshop.query(`DROP DATABASE IF EXISTS ${sqlName(name)}`);
    await strikeOut(workshop, name);
  });
}

function cloneSql({ from, manner }: CloneRecipe, name: string): string {
  return `CREATE DATABASE ${sqlName(name)} TEMPLATE ${sqlName(from)}${manner}`;
}

/** What ALTER DATABASE … SET has said: CREATE DATABASE … TEMPLATE leaves it behind. */
async function copySettings(workshop: Queries, from: string, to: string): Promise<void> {
  const insufficientPrivilege = "42501";
  await workshop
    .query(
      `INSERT INTO pg_db_role_setting (setdatabase, setrole, setconfig)
       SELECT new.oid, setrole, setconfig FROM pg_db_role_setting
       JOIN pg_database old ON old.oid = setdatabase AND old.datname = $1
       JOIN pg_database new ON new.datname = $2`,
      [from, to],
    )
    .catch((error) => {
      if (codeOf(error) !== insufficientPrivilege) throw error;
    });
}

export async function exists(connection: Queries, name: string): Promise<boolean> {
  return (await connection.query("SELECT 1 FROM pg_database WHERE datname = $1", [name])).length > 0;
}

/** Whole characters, at most so many bytes. */
function cut(text: string, mostBytes: number): string {
  let kept = text;
  while (Buffer.byteLength(kept) > mostBytes) kept = kept.slice(0, -1);
  return kept;
}
