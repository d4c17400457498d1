import type { UnitRecord } from "../types.ts";
import { readRecord, writeRecord } from "./record.ts";

/** Changes what the record says of a unit. The caller holds the lock; without a record there is nothing to change. */
export async function changeUnit(dir: string, name: string, changes: Partial<UnitRecord>): Promise<void> {
  const record = await readRecord(dir);
  if (record === undefined) return;
  const units = record.units.map((unit) => (unit.name === name ? { ...unit, ...changes } : unit));
  await writeRecord(dir, { ...record, units });
}
