import { closeSync, linkSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identify, isSame } from "../util/process-table.ts";

/** A port that no other start on this host will take; `release` once something listens on it. Idempotent. */
export interface PortReservation {
  readonly port: number;
  release(): void;
}

/**
 * Reserves a port among all that ask this way on this host, of every user; undefined: somebody else has it.
 * Says nothing about who listens. The kernel (or a look at the pid) ends it when this process dies.
 */
export function reservePort(port: number): Promise<PortReservation | undefined> {
  return process.platform === "linux" ? reserveBySocket(port) : Promise.resolve(reserveByFile(port));
}

/**
 * Name of the abstract socket. Versions of Node differ in how they fill up a shorter name, which would make two names
 * of one: this one has the full length.
 */
export function reservationName(port: number): string {
  return `\0rollcall-port-${port}`.padEnd(108, "-");
}

function reserveBySocket(port: number): Promise<PortReservation | undefined> {
  return new Promise((resolve, reject) => {
    const server: Server = createServer((socket) => socket.destroy());
    server.unref();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(undefined);
      else reject(error);
    });
    server.listen({ path: reservationName(port), exclusive: true }, () =>
      resolve({ port, release: () => void server.close() }),
    );
  });
}

function reserveByFile(port: number): PortReservation | undefined {
  const file = join(tmpdir(), `rollcall-port-${port}.lock`);
  const own = identify(process.pid);
  if (own === undefined) return undefined;
  const draft = `${file}.${own.pid}`;
  const descriptor = openSync(draft, "w", 0o644);
  writeSync(descriptor, JSON.stringify(own));
  closeSync(descriptor);
  try {
    if (!link(draft, file)) {
      if (isSame(readHolder(file))) return undefined;
      rmSync(file, { force: true });
      if (!link(draft, file)) return undefined;
    }
  } finally {
    rmSync(draft, { force: true });
  }
  let held = true;
  const release = (): void => {
    if (held) rmSync(file, { force: true });
    held = false;
  };
  return { port, release };
}

/** A hard link appears with its content, or not at all. */
function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function readHolder(file: string): { readonly pid: number; readonly startTime: string } {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return { pid: 0, startTime: "" };
  }
}
