import { once } from "node:events";
import type { Server } from "node:http";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import type { Config } from "./config.ts";
import { connectOnce } from "./database/database.ts";
import { migrate } from "./database/migrate.ts";
import { pingOnce } from "./redis.ts";
import { createService, type Service } from "./service.ts";

/** The service cannot run here; `message` is one line for the person who started it. */
export class BootError extends Error {
  override readonly name = "BootError";
}

/**
 * Proves both stores once, migrates, listens.
 * @throws BootError naming host and port of what is missing
 */
export async function boot(config: Config, log: Logger): Promise<Service> {
  const { db, redis } = config;
  const [client] = await Promise.all([
    connectOnce(config).catch((error: unknown) => {
      throw new BootError(
        `cannot reach PostgreSQL at ${db.host}:${db.port} (database ${db.name}): ${reason(error)}`,
      );
    }),
    pingOnce(config).catch((error: unknown) => {
      throw new BootError(`cannot reach Redis at ${redis.host}:${redis.port}: ${reason(error)}`);
    }),
  ]);
  try {
    const ran = await migrate(client, join(import.meta.dirname, "migrations"));
    if (ran.length > 0) log.info({ migrations: ran }, "migrated the schema");
  } catch (error) {
    throw new BootError(`cannot migrate the database at ${db.host}:${db.port}: ${reason(error)}`);
  } finally {
    void client.end().catch(() => {});
  }
  const service = createService(config, log);
  try {
    await service.start();
  } catch (error) {
    throw new BootError(`cannot reach Redis at ${redis.host}:${redis.port}: ${reason(error)}`);
  }
  const [port, metricsPort] = await Promise.all([
    listenApp(service.app, config),
    listen(service.metricsServer, config.metricsPort, config.host),
  ]);
  log.info({ port, metricsPort, host: config.host }, "listening");
  return service;
}

async function listenApp(app: FastifyInstance, { host, port }: Config): Promise<number> {
  await app.ready();
  return listen(app.server, port, host);
}

async function listen(server: Server, port: number, host: string): Promise<number> {
  server.listen({ port, host });
  try {
    await once(server, "listening");
  } catch (error) {
    throw new BootError(`cannot listen on ${host}:${port}: ${reason(error)}`);
  }
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

function reason(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reason(error.errors[0]);
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.replaceAll(/\s*\n\s*/g, " ");
}
