import { BootError, boot } from "./boot.ts";
import { ConfigError, readConfig } from "./config.ts";
import { createLog } from "./log.ts";
import type { Service } from "./service.ts";

/** Whoever stopped us waits two seconds; a database that hangs must not make it longer. */
const STOP_WITHIN_MS = 1400;

async function main(): Promise<void> {
  // From the first moment on: as process 1 of a container nobody else handles these signals.
  let service: Service | undefined;
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping || service === undefined) process.exit(0);
    stopping = true;
    log?.info({ signal }, "stopping");
    setTimeout(() => {
      log?.warn(`what was still under way after ${STOP_WITHIN_MS} ms is given up`);
      process.exit(0);
    }, STOP_WITHIN_MS);
    service.stop().then(
      () => process.exit(0),
      (error: Error) => {
        log?.error({ err: error }, "stopping failed");
        process.exit(0);
      },
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  // One forgotten promise must not end the service for everybody.
  process.on("unhandledRejection", (error) =>
    log?.error({ err: error }, "internal error: an unhandled rejection"),
  );

  let log: ReturnType<typeof createLog> | undefined;
  try {
    const config = readConfig(process.env);
    log = createLog(config.logLevel);
    service = await boot(config, log);
  } catch (error) {
    if (error instanceof ConfigError) return leave(2, `bad configuration: ${error.message}`);
    if (error instanceof BootError) return leave(1, error.message);
    throw error;
  }
}

function leave(code: number, line: string): void {
  process.stderr.write(`datastorage: ${line}\n`, () => process.exit(code));
}

main().catch((error: Error) => {
  leave(1, `internal error: ${error.stack ?? error.message}`);
});
