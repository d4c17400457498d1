import { closeSync, constants, openSync, readSync } from "node:fs";

const mostRecords = 100_000;

/**
 * Whether the kernel has ended a process of the container for lack of memory. Podman does not tell on machines with
 * version 1 of control groups, and the container's own counters are gone by then. False where the log may not be read.
 */
export function killedForMemory(container: string): boolean {
  if (process.platform !== "linux") return false;
  let file: number;
  try {
    file = openSync("/dev/kmsg", constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return false;
  }
  try {
    // One record a read, the oldest first; EAGAIN is the end, EPIPE a record that was overwritten meanwhile.
    const buffer = Buffer.alloc(8192);
    for (let record = 0; record < mostRecords; record++) {
      try {
        const text = buffer.toString("latin1", 0, readSync(file, buffer));
        if (text.includes("oom-kill:") && text.includes(container)) return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EPIPE") return false;
      }
    }
    return false;
  } finally {
    closeSync(file);
  }
}
