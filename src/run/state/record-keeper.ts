import type { RunRecord, UnitRecord } from "../types.ts";
import { writeRecord } from "./record.ts";

/** The record of a run while it is being brought up: changes are written one after the other. */
export interface RecordKeeper {
  readonly current: RunRecord;
  change(next: (record: RunRecord) => RunRecord): void;
  changeUnit(name: string, changes: Partial<UnitRecord>): void;
  /** Resolves when the record is on disk as it is now; each write is of all of it, so an earlier one may have failed. */
  written(): Promise<void>;
}

export function keepRecord(dir: string, first: RunRecord): RecordKeeper {
  let current = first;
  let pending: Promise<void> = Promise.resolve();
  const change: RecordKeeper["change"] = (next) => {
    current = next(current);
    pending = pending.catch(() => {}).then(() => writeRecord(dir, current));
    // Whoever asks by `written` learns of it.
    pending.catch(() => {});
  };
  change((record) => record);
  return {
    get current() {
      return current;
    },
    change,
    changeUnit: (name, changes) =>
      change((record) => ({
        ...record,
        units: record.units.map((unit) => (unit.name === name ? { ...unit, ...changes } : unit)),
      })),
    written: () => pending,
  };
}
