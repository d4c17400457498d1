import { setTimeout as delay } from "node:timers/promises";
import type { Queries } from "./admin-connection.ts";

const roundMs = 5;
/** PostgreSQL itself looks for the last ones every 100 ms, for 5 s. */
const patientRounds = 40;

/**
 * Runs a statement that PostgreSQL refuses while somebody is connected to one of the databases: clients are
 * disconnected, until it is done. The statement takes its lock before it looks for clients, so that whoever connects
 * meanwhile waits for its end instead of being refused.
 */
export async function withoutClients<Result>(
  desk: Queries,
  databases: readonly string[],
  statement: () => Promise<Result>,
): Promise<Result> {
  for (let round = 0; round < patientRounds && (await disconnect(desk, databases)) > 0; round += 1) {
    await delay(roundMs);
  }
  let done = false;
  const working = statement().finally(() => {
    done = true;
  });
  const ended = working.then(
    () => {},
    () => {},
  );
  while (!done) {
    await Promise.race([ended, delay(roundMs * 4)]);
    if (!done) await disconnect(desk, databases);
  }
  return working;
}

/** How many there were. */
async function disconnect(desk: Queries, databases: readonly string[]): Promise<number> {
  const rows = await desk.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ANY($1) AND pid <> pg_backend_pid()",
    [databases],
  );
  return rows.length;
}
