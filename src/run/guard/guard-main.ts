import { unlinkSync } from "node:fs";
import { createServer, Socket } from "node:net";
import { basename } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type GuardWord, guardAddress } from "./guard.ts";

/**
 * The guard: a process of its own that holds a connection to every user of a run. Connections close when their
 * process dies, however it dies; when the last one has closed, the run is taken down, unless it is to stay.
 * It loads what it needs for that right after its first word, so that a changed installation cannot hinder it.
 */
const [, , runDir = "", firstUser = ""] = process.argv;
/** Connections that have said whose they are. */
const users = new Set<Socket>();
const pipe = new Socket({ fd: 0, readable: true, writable: false });
const server = createServer((socket) => watch(socket));
/** What hinders a removal (an engine that is being restarted, updated) passes within this time, in milliseconds. */
const patienceMs = 15 * 60_000;
const firstPauseMs = 250;
const lastPauseMs = 5000;
let removal: Promise<typeof import("../end/abandon.ts")> | undefined;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});

const address = guardAddress(basename(runDir));
if (address.endsWith(".sock")) process.on("exit", () => removeSocket(address));
server.listen({ path: address, exclusive: true }, () => {
  process.stdout.on("error", () => {});
  process.stdout.write("hello\n");
  setImmediate(() => {
    removal = import("../end/abandon.ts");
    removal.then(({ prepareToLeave }) => prepareToLeave(runDir)).catch(() => {});
  });
});
server.on("error", () => process.exit(1));
watch(pipe, firstUser);

function watch(socket: Socket, user = ""): void {
  let who = user;
  if (user !== "") users.add(socket);
  let text = "";
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    text += chunk;
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) {
      const word = parseWord(line);
      if (word === undefined) continue;
      if ("dismiss" in word) {
        if (socket === pipe) process.exit(0);
        continue;
      }
      who = word.user;
      users.add(socket);
      socket.write("welcome\n");
    }
  });
  socket.on("close", () => {
    users.delete(socket);
    void left(who);
  });
  socket.resume();
}

/** Somebody has gone, politely or not. */
async function left(user: string): Promise<void> {
  const until = performance.now() + patienceMs;
  for (let pauseMs = firstPauseMs; performance.now() < until; pauseMs = Math.min(pauseMs * 2, lastPauseMs)) {
    try {
      const { leaveForGood } = await (removal ?? import("../end/abandon.ts"));
      if (await leaveForGood({ dir: runDir, user, othersConnected: () => users.size > 0 })) process.exit(0);
      return;
    } catch {
      // Whatever it was (an engine that restarts, a full disk): later it may go.
      removal = undefined;
      await delay(pauseMs);
    }
  }
  if (users.size === 0) process.exit(1);
}

function parseWord(line: string): GuardWord | undefined {
  try {
    const word = JSON.parse(line) as Partial<Record<"user" | "dismiss", unknown>>;
    if (word.dismiss === true) return { dismiss: true };
    return typeof word.user === "string" ? { user: word.user } : undefined;
  } catch {
    return undefined;
  }
}

function removeSocket(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Gone already.
  }
}
