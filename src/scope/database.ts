import { setTimeout as delay } from "node:timers/promises";
import { RollcallError } from "../errors/rollcall-error.ts";
import { dropDatabase } from "./clone.ts";
import { markKept } from "./database-list.ts";
import { codeOf, type DatabaseServer } from "./database-server.ts";
import { postgresUrl } from "./postgres-url.ts";
import { asScopeError } from "./scope-error.ts";
import { sqlName } from "./sql-name.ts";
import { withoutClients } from "./without-clients.ts";

const disposalLimitMs = 5_000;

/** A database of one's own. Disposing of it drops it, unless it is kept. */
export interface Database extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Back to the state of the template; its clients are disconnected. */
  reset(): Promise<void>;
  /**
   * It stays when it is disposed of, for a look after a failed test, until the run ends. With a name it is renamed,
   * and its clients are disconnected. Resolves with its name.
   */
  keep(name?: string): Promise<string>;
  /**
   * Nobody needs it any more: it is dropped in the background, once nobody is connected to it. Whoever is, as a pool
   * that was left open, is not disconnected.
   */
  release(): Promise<void>;
  /** Disconnects its clients. Idempotent. */
  drop(): Promise<void>;
}

export interface DatabaseOptions {
  /** @default a random one */
  readonly name?: string;
  /** It stays when it is disposed of, until the run ends. @default false */
  readonly keep?: boolean;
}

export interface DatabaseOrder extends DatabaseOptions {
  readonly server: DatabaseServer;
  /** As it was handed out. */
  readonly database: string;
  readonly reset: (name: string) => Promise<void>;
  readonly release: (name: string) => Promise<void>;
}

export async function createDatabase(order: DatabaseOrder): Promise<Database> {
  const { server, reset, release } = order;
  const { access } = server;
  let name = order.database;
  let dropping: Promise<void> | undefined;
  const drop = (): Promise<void> => {
    dropping ??= dropDatabase(server, name).catch((error) => {
      dropping = undefined;
      throw asScopeError(error, `drop the database ${name}`);
    });
    return dropping;
  };
  let kept = false;
  const keep = async (wanted?: string): Promise<string> => {
    if (wanted !== undefined && wanted !== name) {
      await renameDatabase(server, name, wanted);
      name = wanted;
    }
    kept = true;
    await markKept(server.desk, name);
    return name;
  };
  if (order.name !== undefined && order.name !== name) {
    const wanted = order.name;
    await renameDatabase(server, name, wanted).catch(async (error) => {
      await drop();
      throw error;
    });
    name = wanted;
  }
  if (order.keep === true) await keep();
  return {
    host: access.host,
    port: access.port,
    user: access.user,
    password: access.password,
    get name() {
      return name;
    },
    get url() {
      return postgresUrl({ ...access, database: name });
    },
    reset: () => reset(name),
    keep,
    release: () => release(name),
    drop,
    [Symbol.asyncDispose]: async () => {
      if (kept || server.closed()) return;
      // What cannot be dropped by then, as on a server that has stopped, ends with the run.
      await Promise.race([drop(), delay(disposalLimitMs, undefined, { ref: false })]);
    },
  };
}

async function renameDatabase(server: DatabaseServer, from: string, to: string): Promise<void> {
  const sql = `ALTER DATABASE ${sqlName(from)} RENAME TO ${sqlName(to)}`;
  if (Buffer.byteLength(to) > 63 || to === "" || to.includes("\0")) {
    throw new RollcallError("USAGE", {
      message: `name: expected 1 to 63 bytes, got ${Buffer.byteLength(to)}: PostgreSQL would cut it.`,
      hint: "Give the database a shorter name.",
    });
  }
  try {
    await server.inTurn(async (workshop) => {
      await withoutClients(server.desk, [from], () => workshop.query(sql));
      await workshop.query("UPDATE databases SET name = $2 WHERE name = $1", [from, to]);
    });
  } catch (error) {
    const duplicateDatabase = "42P04";
    if (codeOf(error) !== duplicateDatabase) throw asScopeError(error, `name a database ${to}`);
    throw new RollcallError("NAME_TAKEN", {
      message: `There is a database ${to} on this server already.`,
      hint: "Drop it, or leave the name out: random ones never collide.",
      cause: error,
    });
  }
}
