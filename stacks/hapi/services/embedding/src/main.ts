import { once } from "node:events";
import type { Server } from "node:http";
import { type Config, ConfigError, readConfig } from "./config.ts";
import { type Embedder, startEmbedder } from "./embedder.ts";
import { createLog, type Log } from "./log.ts";
import { createMetrics } from "./metrics.ts";
import { createEmbeddingServer } from "./server.ts";

/** From the signal to the end, in-flight requests included. */
const stopLimitMs = 1500;

/** What there is to stop so far; as PID 1 a signal does nothing by itself, so it is handled from the first line on. */
interface Started {
  server?: Server;
  embedder?: Embedder;
}

function fail(message: string, exitCode: number): never {
  process.stderr.write(`embedding-service: ${message}\n`);
  process.exit(exitCode);
}

function configure(): Config {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (error instanceof ConfigError) fail(error.message, 2);
    throw error;
  }
}

async function stop({ server, embedder }: Started, log: Log, signal: string): Promise<void> {
  log("info", "stopping", { signal });
  setTimeout(() => server?.closeAllConnections(), stopLimitMs).unref();
  if (server?.listening) {
    const closed = once(server, "close");
    server.close();
    server.closeIdleConnections();
    await closed;
  }
  await embedder?.close();
  log("info", "stopped");
  process.exit(0);
}

async function main(): Promise<void> {
  const config = configure();
  const log = createLog(config.logLevel);
  const started: Started = {};
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => void stop(started, log, signal));
  }

  log("debug", "loading");
  const embedder = await startEmbedder(new URL("./model-worker.cjs", import.meta.url)).catch(
    (error: unknown) => fail(`the model cannot be loaded: ${String(error)}`, 1),
  );
  started.embedder = embedder;
  const server = createEmbeddingServer({ embedder, metrics: createMetrics(), log });
  server.once("error", (error) =>
    fail(`cannot listen on ${config.host}:${config.port}: ${error.message}`, 1),
  );
  server.listen(config.port, config.host);
  await once(server, "listening");
  started.server = server;
  log("info", "listening", {
    host: config.host,
    port: config.port,
    model: embedder.model,
    dimensions: embedder.dimensions,
    bootMs: Math.round(performance.now()),
  });
  void embedder.died.then((reason) => {
    if (started.server?.listening) fail(`the model died: ${reason.message}`, 1);
  });
}

void main();
