// What the fault suite and the stress programs use of rollcall, in one bundle.
export * from "../../src/index.ts";
export { readJournal } from "../../src/journal/journal.ts";
export { verifyJournal } from "../../src/journal/verify.ts";
export { acquireLock } from "../../src/run/lock/lock.ts";
export { journalFileOf, tempDirOf } from "../../src/run/state/folders.ts";
export { listProcesses, readCommand, readEnviron, readProcess } from "../../src/util/process-table.ts";
