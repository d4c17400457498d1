import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The System V segment by which a PostgreSQL keeps others out of its data folder. */
export interface SharedMemory {
  readonly id: number;
  /** The server that made it. */
  readonly pid: number;
}

/** As the data folder's postmaster.pid tells it; undefined: the server ended properly. */
export function readSharedMemory(dataDir: string): SharedMemory | undefined {
  const lines = readText(join(dataDir, "postmaster.pid")).split("\n");
  const id = lines[6]?.trim().split(/\s+/)[1];
  return id === undefined || !/^\d+$/.test(id) ? undefined : { id: Number(id), pid: Number(lines[0]) };
}

/** Of a server that was killed it stays for ever. Only one that this server made, and that nobody uses, is removed. */
export function removeSharedMemory({ id, pid }: SharedMemory): Promise<void> {
  const made = readText("/proc/sysvipc/shm")
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .some(([, shmid, , , creator, , attached]) => shmid === id && creator === pid && attached === 0);
  if (!made) return Promise.resolve();
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
