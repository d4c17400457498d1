import { watch } from "node:fs";
import { basename } from "node:path";
import { recordFileOf } from "../state/folders.ts";

/**
 * Calls back whenever a run's record may have been replaced, and keeps no process alive. Where the system watches no
 * more files it stays silent: the record is read anew at the next use.
 */
export function watchRecord(runDir: string, onChange: () => void): { close(): void } {
  const record = basename(recordFileOf(runDir));
  try {
    const watcher = watch(runDir, { persistent: false }, (_event, file) => {
      if (file === null || file === record) onChange();
    });
    watcher.on("error", () => {});
    return watcher;
  } catch {
    return { close: () => {} };
  }
}
