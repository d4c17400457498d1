import { setTimeout as delay } from "node:timers/promises";
import { randomLetters } from "../util/random-letters.ts";
import { connectRedis, type RedisConnection } from "./redis-connection.ts";
import type { RedisAccess } from "./redis-url.ts";

/**
 * A numbered database is claimed by the name of an open connection, `rollcall-db-<number>-<id>`: nothing is written
 * that a test could see or flush away, and the claim ends with its owner.
 */
export interface RedisClaim {
  readonly index: number;
  /** Somebody else has taken the number, while the server was restarted. */
  isLost(connection: RedisConnection): Promise<boolean>;
  release(): void;
}

const attempts = 20;
const reconnectAfterMs = 50;
const reconnects = 600;

/** Undefined when every number is taken. */
export async function claimNumber(access: RedisAccess): Promise<RedisClaim | undefined> {
  const connection = await connectRedis(access);
  try {
    const id = randomLetters(12);
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const { free, claims } = await look(connection, access);
      const index = free[Math.floor(Math.random() * free.length)];
      if (index === undefined) break;
      if (await claim(connection, { index, id })) return hold(connection, access, { index, id });
      await delay(Math.random() * (claims.length + 1));
    }
  } catch (error) {
    connection.close();
    throw error;
  }
  connection.close();
  return undefined;
}

interface Claimed {
  readonly index: number;
  readonly id: string;
}

/** Redis does one command after the other: of two that claim one number, at least one sees the other, and gives way. */
async function claim(connection: RedisConnection, claimed: Claimed): Promise<boolean> {
  const [, clients] = await Promise.all([
    connection.send("CLIENT", "SETNAME", nameOf(claimed)),
    connection.send("CLIENT", "LIST"),
  ]);
  const others = othersIn(String(clients), claimed);
  if (others.length > 0) await connection.send("CLIENT", "SETNAME", "");
  return others.length === 0;
}

function othersIn(clients: string, { index, id }: Claimed): readonly Claimed[] {
  return claimsIn(clients).filter((each) => each.index === index && each.id !== id);
}

/** Numbers that nobody claims, nobody is connected to, and that hold nothing; 0 is the stack's own. */
async function look(connection: RedisConnection, access: RedisAccess) {
  const [listed, keyspace, count] = await Promise.all([
    connection.send("CLIENT", "LIST"),
    connection.send("INFO", "keyspace"),
    countOfDatabases(connection),
  ]);
  const claims = claimsIn(String(listed));
  const used = new Set([0, access.index, ...claims.map(({ index }) => index)]);
  for (const [, index] of String(listed).matchAll(/ db=(\d+) /g)) used.add(Number(index));
  for (const [, index] of String(keyspace).matchAll(/^db(\d+):/gm)) used.add(Number(index));
  const free = Array.from({ length: count }, (_, index) => index).filter((index) => !used.has(index));
  return { free, claims };
}

function claimsIn(clients: string): readonly Claimed[] {
  return [...clients.matchAll(/ name=rollcall-db-(\d+)-([a-z2-7]+) /g)].map(([, index, id]) => ({
    index: Number(index),
    id: id ?? "",
  }));
}

async function countOfDatabases(connection: RedisConnection): Promise<number> {
  const reply = await connection.send("CONFIG", "GET", "databases").catch(() => null);
  return Array.isArray(reply) ? Number(reply[1]) : 16;
}

function nameOf({ index, id }: Claimed): string {
  return `rollcall-db-${index}-${id}`;
}

/** Claims it again when the connection is lost, as by a restart of the server. */
function hold(first: RedisConnection, access: RedisAccess, claimed: Claimed): RedisClaim {
  let released = false;
  let current: Promise<RedisConnection> = Promise.resolve(first);
  const renew = async (): Promise<RedisConnection> => {
    for (let left = reconnects; ; left -= 1) {
      try {
        const connection = await connectRedis(access);
        if (await claimAgain(connection, claimed)) watch(connection);
        return connection;
      } catch (error) {
        if (released || left === 0) throw error;
        await delay(reconnectAfterMs, undefined, { ref: false });
      }
    }
  };
  const watch = (connection: RedisConnection) => {
    void connection.ended.then(() => {
      if (released) return;
      current = renew();
      current.catch(() => {});
    });
  };
  watch(first);
  return {
    index: claimed.index,
    isLost: async (connection) => {
      const clients = String(await connection.send("CLIENT", "LIST"));
      return othersIn(clients, claimed).length > 0;
    },
    release: () => {
      released = true;
      void current.then(
        (connection) => connection.close(),
        () => {},
      );
    },
  };
}

/** Whoever has the number by then keeps it; whoever only tries gives way. */
async function claimAgain(connection: RedisConnection, claimed: Claimed): Promise<boolean> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    if (await claim(connection, claimed)) return true;
    await delay(Math.random() * reconnectAfterMs, undefined, { ref: false });
  }
  return false;
}
