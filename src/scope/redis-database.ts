import { RollcallError } from "../errors/rollcall-error.ts";
import { randomLetters } from "../util/random-letters.ts";
import { claimNumber, type RedisClaim } from "./redis-claim.ts";
import { connectRedis, type RedisConnection } from "./redis-connection.ts";
import { type RedisAccess, readRedisUrl, redisUrl } from "./redis-url.ts";
import { asScopeError } from "./scope-error.ts";

/** A Redis database of one's own. Disposing of it empties it and gives it back. */
export interface RedisDatabase extends AsyncDisposable {
  /** Ends with its number. */
  readonly url: string;
  readonly index: number;
  /** "" with a number of one's own; when all are taken, what every key must start with, in the URL's database. */
  readonly prefix: string;
  /** Removes every key of it, and no other. */
  flush(): Promise<void>;
}

export interface RedisDatabaseOptions {
  /** URL of the stack's Redis. */
  readonly url: string;
  /** "prefix": no number is claimed. @default "number", and a prefix when all are taken */
  readonly form?: "number" | "prefix";
}

/** A numbered database that nobody else uses, else a prefix. Throws SCOPE_FAILED. */
export async function createRedisDatabase(options: RedisDatabaseOptions): Promise<RedisDatabase> {
  const access = readRedisUrl(options.url);
  try {
    const claim = options.form === "prefix" ? undefined : await claimNumber(access);
    return claim === undefined ? prefixed(access, `rollcall:${randomLetters(12)}:`) : numbered(access, claim);
  } catch (error) {
    throw asScopeError(error, `take a database of the Redis at ${access.host}:${access.port}`);
  }
}

/** FLUSHDB on the URL's database. */
export async function resetRedis(url: string): Promise<void> {
  const access = readRedisUrl(url);
  await withConnection(access, `empty database ${access.index}`, (connection) => connection.send("FLUSHDB"));
}

function numbered(access: RedisAccess, claim: RedisClaim): RedisDatabase {
  const own = { ...access, index: claim.index };
  const flush = async () => {
    await withConnection(own, `empty database ${own.index}`, async (connection) => {
      if (await claim.isLost(connection)) throw takenOver(own.index);
      await connection.send("FLUSHDB");
    });
  };
  let disposing: Promise<void> | undefined;
  return {
    url: redisUrl(own),
    index: own.index,
    prefix: "",
    flush,
    [Symbol.asyncDispose]: () => {
      disposing ??= flush().finally(claim.release);
      return disposing;
    },
  };
}

function takenOver(index: number): RollcallError {
  return new RollcallError("SCOPE_FAILED", {
    message: `Another process has taken the Redis database ${index} while the server was restarted: it is left as it is.`,
    hint: "Take a new database after a restart of Redis.",
  });
}

function prefixed(access: RedisAccess, prefix: string): RedisDatabase {
  const flush = () =>
    withConnection(access, `remove the keys of ${prefix}`, async (connection) => {
      let cursor = "0";
      do {
        const found = await connection.send("SCAN", cursor, "MATCH", `${prefix}*`, "COUNT", 1000);
        const [next, keys] = Array.isArray(found) ? found : [];
        if (Array.isArray(keys) && keys.length > 0)
          await connection.send("UNLINK", ...keys.map((key) => Buffer.from(String(key), "latin1")));
        cursor = String(next ?? "0");
      } while (cursor !== "0");
    });
  return {
    url: redisUrl(access),
    index: access.index,
    prefix,
    flush,
    [Symbol.asyncDispose]: flush,
  };
}

async function withConnection(
  access: RedisAccess,
  doing: string,
  use: (connection: RedisConnection) => Promise<unknown>,
): Promise<void> {
  try {
    const connection = await connectRedis(access);
    try {
      await use(connection);
    } finally {
      connection.close();
    }
  } catch (error) {
    throw asScopeError(error, `${doing} of the Redis at ${access.host}:${access.port}`);
  }
}
