import { accessSync, constants, statfsSync } from "node:fs";
import { platform, tmpdir } from "node:os";

const memoryFolder = "/dev/shm";
/** statfs(2). */
const tmpfsMagic = 0x01021994;
const gib = 1024 ** 3;
/** What a stack's data may need before anybody would say that they are large. */
const roomBytes = 4 * gib;
/** What is left for everything else on the machine, or in its control group, when that room is used up. */
const spareBytes = 2 * gib;

/** What is asked of the machine; others in tests. */
export interface Machine {
  readonly env: NodeJS.ProcessEnv;
  readonly platform: string;
  /** The file system's type and what may still be written to it; undefined: none, or not writable. */
  readonly fileSystem: (folder: string) => { readonly type: number; readonly freeBytes: number } | undefined;
  readonly freeMemoryBytes: () => number;
}

/**
 * The folder in which runs make their folders for data of services. Test data need not outlive the machine, and a file
 * system in memory makes a database in a tenth of the time that a busy disk takes: `/dev/shm` on Linux, as long as 4 GiB
 * fit there and leave 2 GiB of memory. `TMPDIR`, where it is set, is obeyed; else the system's temporary folder.
 */
export function dataRoot(machine: Machine = thisMachine): string {
  if (machine.env["TMPDIR"] || machine.platform !== "linux") return tmpdir();
  const found = machine.fileSystem(memoryFolder);
  const fits = found?.type === tmpfsMagic && found.freeBytes >= roomBytes;
  return fits && machine.freeMemoryBytes() >= roomBytes + spareBytes ? memoryFolder : tmpdir();
}

const thisMachine: Machine = {
  env: process.env,
  platform: platform(),
  fileSystem(folder) {
    try {
      accessSync(folder, constants.W_OK | constants.X_OK);
      const { type, bavail, bsize } = statfsSync(folder);
      return { type, freeBytes: bavail * bsize };
    } catch {
      return undefined;
    }
  },
  // Heeds the limit of a control group too.
  freeMemoryBytes: () => process.availableMemory(),
};
