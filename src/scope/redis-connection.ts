import { connect, type Socket } from "node:net";
import { type Reply, readReply, type Word, writeCommand } from "./redis-reply.ts";
import type { RedisAccess } from "./redis-url.ts";

/** One connection. Between commands it keeps no process alive. */
export interface RedisConnection {
  /** Rejects with what the server refused, or when the connection is lost. */
  send(...words: readonly Word[]): Promise<Reply>;
  /** Resolves when the connection has ended, for whatever reason. */
  readonly ended: Promise<void>;
  close(): void;
}

const connectLimitMs = 30_000;

interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

/** Opens a connection to the URL's database. */
export async function connectRedis(access: RedisAccess): Promise<RedisConnection> {
  const socket = connect({ host: access.host, port: access.port, noDelay: true });
  const connection = conversation(socket);
  socket.setTimeout(connectLimitMs, () => socket.destroy(new Error("no connection within 30 s")));
  try {
    const user = access.user === "" ? [] : [access.user];
    const authenticated =
      access.password === "" ? undefined : connection.send("AUTH", ...user, access.password);
    await Promise.all([authenticated, connection.send("SELECT", access.index)]);
    socket.setTimeout(0);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

function conversation(socket: Socket): RedisConnection {
  const queue: Waiting[] = [];
  let received = Buffer.alloc(0);
  let lost: Error | undefined;
  const end = (error: Error) => {
    lost ??= error;
    for (const { reject } of queue.splice(0)) reject(lost);
  };
  socket.on("data", (bytes) => {
    received = Buffer.concat([received, bytes]);
    try {
      for (let found = readReply(received); found !== undefined; found = readReply(received)) {
        received = received.subarray(found.end);
        const waiting = queue.shift();
        if (queue.length === 0) socket.unref();
        if (found.reply instanceof Error) waiting?.reject(found.reply);
        else waiting?.resolve(found.reply);
      }
    } catch (error) {
      socket.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  });
  const ended = new Promise<void>((resolve) => {
    socket.on("error", end);
    socket.on("close", () => {
      end(new Error("the connection to Redis was lost"));
      resolve();
    });
  });
  return {
    ended,
    send: (...words) =>
      new Promise((resolve, reject) => {
        if (lost !== undefined) return reject(lost);
        queue.push({ resolve, reject });
        socket.ref();
        socket.write(writeCommand(words));
      }),
    close: () => socket.destroy(),
  };
}
