import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The System V segment by which a PostgreSQL keeps others out of its data folder. */
interface SharedMemory {
  readonly id: number;
  /** The server that made it. */
  readonly pid: number;
}

/**
 * Removes what a killed server has left of shared memory, for it would stay until the machine is started anew. Only
 * what this data folder's server made is removed, and only when nobody uses it. False: it is still there.
 */
export async function removeSharedMemory(dataDir: string): Promise<boolean> {
  const segment = readSharedMemory(dataDir);
  if (segment === undefined || usersOf(segment) === undefined) return true;
  if (usersOf(segment) === 0) await ipcrm(segment.id);
  return usersOf(segment) === undefined;
}

/** What is left there of shared memory that nobody uses, for people; undefined: nothing. */
export function describeSharedMemory(dataDir: string): string | undefined {
  const segment = readSharedMemory(dataDir);
  if (segment === undefined || usersOf(segment) !== 0) return undefined;
  return `shared memory segment ${segment.id} of PostgreSQL (\`ipcrm -m ${segment.id}\` removes it)`;
}

/** As the data folder's postmaster.pid tells it; undefined: the server ended properly. */
function readSharedMemory(dataDir: string): SharedMemory | undefined {
  const lines = readText(join(dataDir, "postmaster.pid")).split("\n");
  const id = lines[6]?.trim().split(/\s+/)[1];
  return id === undefined || !/^\d+$/.test(id) ? undefined : { id: Number(id), pid: Number(lines[0]) };
}

/** How many processes use it; undefined: it is gone. */
function usersOf({ id, pid }: SharedMemory): number | undefined {
  return readText("/proc/sysvipc/shm")
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .find(([, shmid, , , creator]) => shmid === id && creator === pid)?.[6];
}

/** Whether it worked is seen by who looks again. */
function ipcrm(id: number): Promise<void> {
  return new Promise((resolve) => {
    execFile("ipcrm", ["-m", String(id)], () => resolve());
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
