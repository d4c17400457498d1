import { RollcallError } from "../errors/rollcall-error.ts";
import type { Queries } from "./admin-connection.ts";
import {
  type CloneRecipe,
  cloneDatabase,
  cloningLock,
  dropDone,
  ensureTemplate,
  exists,
  newDatabaseName,
  readCloneRecipe,
  templateOf,
} from "./clone.ts";
import { createDatabase, type Database, type DatabaseOptions } from "./database.ts";
import { changed, claimSpare, countSpares, makeSpare, markDone } from "./database-list.ts";
import { type DatabaseServer, openDatabaseServer, underLock } from "./database-server.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { readPostgresUrl } from "./postgres-url.ts";
import { asScopeError } from "./scope-error.ts";
import { sqlName } from "./sql-name.ts";
import { withoutClients } from "./without-clients.ts";

/** Hands out databases that are clones of one template; prepared ones at once. Any process may hand them out. */
export interface DatabasePool extends AsyncDisposable {
  /** The sealed database that all are cloned from. */
  readonly template: string;
  /** Whether this call has made the template; else it was there. */
  readonly madeTemplate: boolean;
  /** A prepared one, else one that is cloned now. */
  database(options?: DatabaseOptions): Promise<Database>;
  /** Resolves once so many are prepared; this process then keeps their number. @default the pool's size */
  warm(size?: number): Promise<void>;
  /** Keeps so many prepared from now on, in the background. */
  prepare(size: number): Promise<void>;
  /** Puts the source, or the database named, back to the state of the template. Its clients are disconnected. */
  reset(name?: string): Promise<void>;
  /** Leaves the databases where they are. Idempotent; a server that has stopped answering is left after two seconds. */
  close(): Promise<void>;
}

export interface PoolOptions {
  /** URL of the stack's own database, as a user who may create databases. */
  readonly adminUrl: string;
  /** The database that the template is a copy of. @default the URL's */
  readonly from?: string;
  /** So many are prepared in the background: the number of workers. @default 0 */
  readonly size?: number;
  /** The template must be there already: throws USAGE otherwise. @default false */
  readonly existing?: boolean;
}

/**
 * Makes the template, unless there is one: call it when the tasks have run, before anybody writes. Nothing of the pool
 * keeps the process from ending. Throws SCOPE_FAILED, or USAGE for what is no URL of PostgreSQL.
 */
export async function createDatabasePool(options: PoolOptions): Promise<DatabasePool> {
  const { adminUrl, from, size = 0, existing = false } = options;
  const access = readPostgresUrl(adminUrl);
  const source = from ?? access.database;
  const server = await openDatabaseServer(access);
  try {
    if (existing && !(await exists(server.desk, templateOf(source)))) throw noTemplate(source);
    const madeTemplate = (await ensureTemplate(server, source)) === "made";
    const pool = { ...poolOf(server, source), madeTemplate };
    if (size > 0) await pool.prepare(size);
    return pool;
  } catch (error) {
    await server.close();
    throw asScopeError(error, `make a template of the database ${source}`);
  }
}

function poolOf(server: DatabaseServer, source: string): Omit<DatabasePool, "madeTemplate"> {
  const { desk } = server;
  const template = templateOf(source);
  let recipe: Promise<CloneRecipe> | undefined;
  const readRecipe = (): Promise<CloneRecipe> => {
    recipe ??= readCloneRecipe(server, template);
    recipe.catch(() => {
      recipe = undefined;
    });
    return recipe;
  };
  let wanted = 0;
  let closed = false;
  const fill = async (inTurn: DatabaseServer["inTurn"]): Promise<void> => {
    // One a turn: whoever waits for a database comes between.
    while (!closed && (await inTurn(async (workshop) => addSpare(workshop, await readRecipe(), wanted))));
  };
  const tidyQuietly = oneAtATime(() => dropDone(server));
  const fillQuietly = oneAtATime(async () => {
    // Whoever needs a database then clones it himself, and is told what is wrong.
    await fill(server.quietlyInTurn).catch(() => {});
    await tidyQuietly();
  });
  const prepare = async (size: number): Promise<void> => {
    if (closed) return;
    const first = wanted === 0;
    wanted = Math.max(wanted, size);
    if (first)
      await desk.listen(changed, (which) => {
        if (which === undefined || which === template) void fillQuietly();
      });
    void fillQuietly();
  };

  let ahead: Promise<string | undefined> | undefined;
  let taken = 0;
  const takePrepared = async (): Promise<string | undefined> => {
    const claimed = ahead;
    ahead = undefined;
    const name = (await claimed) ?? (await claimSpare(desk, template));
    taken += 1;
    // Whoever takes a second one takes one for every test: the next is claimed while the test runs.
    if (taken > 1 && !closed) ahead ??= claimSpare(desk.quietly, template).catch(() => undefined);
    return name;
  };
  const giveBackClaimed = async (): Promise<void> => {
    const claimed = ahead;
    ahead = undefined;
    const name = await claimed;
    if (name !== undefined) await makeSpare(desk, name);
  };

  const take = async (): Promise<string> => {
    if (closed) throw new Error("the pool has been closed");
    const prepared = await desk.held(takePrepared);
    if (prepared !== undefined) return prepared;
    return server.inTurn((workshop) =>
      underLock(workshop, cloningLock, async () => {
        const meanwhile = await claimSpare(workshop, template);
        if (meanwhile !== undefined) return meanwhile;
        return cloneDatabase(workshop, await readRecipe(), "used");
      }),
    );
  };

  const release = async (name: string): Promise<void> => {
    await markDone(desk, name);
    void tidyQuietly();
  };
  const reset = async (name: string = source): Promise<void> => {
    try {
      const fresh = await take();
      await swap(server, { name, fresh }).catch(async (error) => {
        await release(fresh).catch(() => {});
        throw error;
      });
      void tidyQuietly();
      // The next reset finds one prepared.
      await prepare(1);
    } catch (error) {
      throw asScopeError(error, `reset the database ${name}`);
    }
  };

  // What an interrupted run has left need not wait for the end of this one.
  void tidyQuietly();

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed = true;
    closing ??= server.close(async () => {
      await giveBackClaimed();
      await tidyQuietly();
    });
    return closing;
  };

  return {
    template,
    prepare,
    database: async (options: DatabaseOptions = {}) => {
      const database = await take().catch((error) => {
        throw asScopeError(error, `clone ${template}`);
      });
      return createDatabase({ ...options, server, database, reset, release });
    },
    warm: async (size: number = wanted) => {
      await prepare(size);
      await desk.held(async () => ahead);
      await fill(server.inTurn);
    },
    reset,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** False when there are enough. */
async function addSpare(workshop: Queries, recipe: CloneRecipe, wanted: number): Promise<boolean> {
  return underLock(workshop, cloningLock, async () => {
    if ((await countSpares(workshop, recipe.from)) >= wanted) return false;
    await cloneDatabase(workshop, recipe, "spare");
    return true;
  });
}

/** In one transaction: there is a database of this name at every moment. */
async function swap(
  server: DatabaseServer,
  { name, fresh }: { readonly name: string; readonly fresh: string },
): Promise<void> {
  const old = newDatabaseName("rollcall_old");
  const rename = (from: string, to: string) => `ALTER DATABASE ${sqlName(from)} RENAME TO ${sqlName(to)}`;
  await server.inTurn(async (workshop) => {
    await withoutClients(server.desk, [name], () =>
      workshop.query(`${rename(name, old)}; ${rename(fresh, name)}`),
    );
    await workshop.query("UPDATE databases SET name = $2, state = 'done', owner = NULL WHERE name = $1", [
      fresh,
      old,
    ]);
  });
}

function noTemplate(source: string): RollcallError {
  return new RollcallError("USAGE", {
    message: `There is no template of the database ${source} to reset it to.`,
    hint: "Call pool() once when the stack is up, before anybody writes: the template is the state of that moment.",
  });
}
