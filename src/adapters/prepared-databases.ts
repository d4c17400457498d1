import { availableParallelism } from "node:os";
import { RollcallError } from "../errors/rollcall-error.ts";
import { createDatabasePool, type DatabasePool } from "../scope/database-pool.ts";

export interface PreparedDatabases {
  /** Whether a template was made just now. */
  readonly madeTemplate: boolean;
  /** Leaves the databases where they are. Idempotent. */
  close(): Promise<void>;
}

export interface PreparedOrder {
  /** URLs of the databases that are cloned. */
  readonly urls: readonly string[];
  /** So many clones of each. @default the machine's available parallelism */
  readonly prepared?: number | undefined;
}

/** Throws USAGE for what is no number of clones. */
export function validatePrepared(prepared: number | undefined): void {
  if (prepared === undefined || (Number.isSafeInteger(prepared) && prepared >= 0)) return;
  throw new RollcallError("USAGE", {
    message: `prepared: expected a whole number, 0 or more, got ${JSON.stringify(prepared)}.`,
    hint: "It is the number of workers; leave it out for the number of cores.",
  });
}

/**
 * Makes the templates, and then, in the background and until it is closed, keeps so many clones prepared.
 * Throws what `createDatabasePool` throws; nothing is left open then.
 */
export async function prepareDatabases({
  urls,
  prepared = availableParallelism(),
}: PreparedOrder): Promise<PreparedDatabases> {
  const pools: DatabasePool[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(pools.map((pool) => pool.close()));
  };
  try {
    for (const adminUrl of urls) pools.push(await createDatabasePool({ adminUrl, size: prepared }));
  } catch (error) {
    await close();
    throw error;
  }
  return { madeTemplate: pools.some((pool) => pool.madeTemplate), close };
}
