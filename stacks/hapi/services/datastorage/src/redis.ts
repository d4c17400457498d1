import { Redis } from "ioredis";
import type { Logger } from "pino";
import type { Config } from "./config.ts";

const BOOT_TIMEOUT_MS = 5000;
const COMMAND_TIMEOUT_MS = 1000;

/**
 * A connection that is made again whenever it is lost. Commands fail at once while it is down and after one second
 * without an answer: nothing piles up behind a dead Redis.
 */
export function createRedis(config: Config, log: Logger): Redis {
  const redis = new Redis({
    host: config.redis.host,
    port: config.redis.port,
    lazyConnect: true,
    enableReadyCheck: false,
    connectTimeout: BOOT_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    retryStrategy: (times) => Math.min(100 * times, 1000),
  });
  let lost = false;
  redis.on("error", (error: Error) => {
    if (!lost) log.warn({ err: error.message }, "redis is not reachable");
    lost = true;
  });
  redis.on("ready", () => {
    if (lost) log.info("redis is reachable again");
    lost = false;
  });
  return redis;
}

/** One connection, one PING, no second try. */
export async function pingOnce(config: Config): Promise<void> {
  const redis = new Redis({
    host: config.redis.host,
    port: config.redis.port,
    lazyConnect: true,
    connectTimeout: BOOT_TIMEOUT_MS,
    commandTimeout: BOOT_TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let cause: Error | undefined;
  redis.on("error", (error: Error) => {
    cause ??= error;
  });
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    throw cause ?? error;
  } finally {
    redis.disconnect();
  }
}
