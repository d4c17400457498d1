import type { RunRecord } from "../types.ts";
import { writeRecord } from "./record.ts";

/**
 * Writes the record, or says why it could not be: a disk that is full or read-only must not keep anything running.
 * Where the run's folder has been deleted, no record is wanted.
 */
export async function writeIfPossible(dir: string, record: RunRecord): Promise<string | undefined> {
  try {
    await writeRecord(dir, record);
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    return `the record in ${dir} could not be written: ${error instanceof Error ? error.message : error}`;
  }
}
