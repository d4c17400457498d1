import { connect, createServer } from "node:net";

/** On loopback a connection arrives within a millisecond; a busy machine may take longer. */
const arrivalMs = 2000;

/**
 * Whether a connection to the port at 127.0.0.1 arrives at who listens there. Rules of a container engine that was
 * killed may divert it to a container that is gone: a server then listens happily, and nobody ever reaches it.
 */
export function isReached(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    const answer = (reached: boolean): void => {
      clearTimeout(late);
      // Reset, so that no closed connection keeps the port from whoever listens next.
      client?.resetAndDestroy();
      server.close(() => resolve(reached));
    };
    const late = setTimeout(() => answer(false), arrivalMs);
    let client: ReturnType<typeof connect> | undefined;
    server.once("error", () => answer(false));
    server.once("connection", (socket) => {
      socket.on("error", () => {});
      socket.resetAndDestroy();
      answer(true);
    });
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      client = connect({ port, host: "127.0.0.1" });
      client.on("error", () => {});
    });
  });
}
