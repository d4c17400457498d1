import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { holdFile } from "../util/held-file.ts";
import { identify, isGone } from "../util/process-table.ts";

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
  const holder = identify(process.pid);
  if (holder === undefined) return undefined;
  const path = join(tmpdir(), `rollcall-port-${port}.lock`);
  const release = holdFile({ path, holder, mode: 0o644, lives: (other) => !isGone(other) });
  if (release === undefined) return undefined;
  let held = true;
  return {
    port,
    release: () => {
      if (held) release();
      held = false;
    },
  };
}
