import { createServer, type Socket } from "node:net";

/** A process that has reported itself. */
export interface Reporter {
  readonly role: string;
  readonly pid: number;
  readonly mark: string | null;
  /** Resolves when the process has ended. */
  readonly gone: Promise<void>;
  tell(order: string): void;
}

/** What the processes of test/fixtures/processes/reporter.mjs say. */
export interface News {
  readonly port: string;
  /** The next one of this role. */
  next(role: string): Promise<Reporter>;
  close(): void;
}

export async function listenForNews(): Promise<News> {
  const waiting: { readonly role: string; readonly resolve: (reporter: Reporter) => void }[] = [];
  const came: Reporter[] = [];
  const sockets = new Set<Socket>();
  const match = (): void => {
    for (const reporter of [...came]) {
      const at = waiting.findIndex(({ role }) => role === reporter.role);
      if (at < 0) continue;
      came.splice(came.indexOf(reporter), 1);
      waiting.splice(at, 1)[0]?.resolve(reporter);
    }
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    const gone = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.on("error", () => undefined);
    socket.once("data", (data) => {
      const { role, pid, mark } = JSON.parse(data.toString().split("\n")[0] ?? "");
      came.push({ role, pid, mark, gone, tell: (order) => void socket.write(`${order}\n`) });
      match();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: String(address.port),
    next: (role) =>
      new Promise((resolve) => {
        waiting.push({ role, resolve });
        match();
      }),
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
