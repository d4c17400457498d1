import { createServer } from "node:net";

/**
 * Whether a server may listen on the port at 127.0.0.1 now.
 * - `taken`: somebody listens, on any address that would be in the way.
 * - `forbidden`: the system refuses this user the port.
 */
export type Listenable = "free" | "taken" | "forbidden";

/** A port in TIME_WAIT is free. Each address is tried alone: together they would be in each other's way. */
export async function canListen(port: number): Promise<Listenable> {
  for (const host of ["127.0.0.1", "0.0.0.0", "::1"]) {
    const code = await tryListen(port, host);
    if (code === "EACCES" || code === "EPERM") return "forbidden";
    // No IPv6 on this machine is no reason against the port.
    if (code !== undefined && code !== "EADDRNOTAVAIL" && code !== "EAFNOSUPPORT") return "taken";
  }
  return "free";
}

function tryListen(port: number, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "unknown"));
    server.listen({ port, host, exclusive: true, ipv6Only: true }, () =>
      server.close(() => resolve(undefined)),
    );
  });
}
