import { createHash } from "node:crypto";
import { connect, createServer, type Server, type Socket } from "node:net";
import { platform } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { visibleLine } from "../../util/visible.ts";
import { acquireLockFile } from "./lock-file.ts";
import { socketAddress } from "./socket-address.ts";

/** A holder says what it does in a few words; who goes on without an end is not listened to, in characters. */
const longestLine = 1000;

/** Held while a run is brought up, attached to, or taken down; one holder per stack folder and run name. */
export interface Lock {
  release(): Promise<void>;
}

export interface LockOptions {
  readonly stackDir: string;
  readonly name: string;
  /** For those who wait: "bringing this stack up". */
  readonly doing: string;
  readonly signal: AbortSignal;
  /** Told once for every holder that is waited for. */
  readonly onWait: (holder: LockHolder) => void;
}

export interface LockHolder {
  readonly pid: number;
  readonly doing: string;
}

/**
 * Takes the lock, or waits for it; the signal ends a wait, with its reason. On Linux the lock is a listening socket in
 * the abstract namespace: the kernel frees it when its holder dies, and those who wait see the connection close at once.
 */
export async function acquireLock(options: LockOptions): Promise<Lock> {
  const address = lockAddress(options);
  if (address === undefined) return acquireLockFile(options);
  let told: number | undefined;
  for (;;) {
    const lock = await tryListen(address, options.doing);
    if (lock !== undefined) return lock;
    options.signal.throwIfAborted();
    await untilFreed(address, options.signal, (holder) => {
      if (holder.pid !== told) options.onWait(holder);
      told = holder.pid;
    });
  }
}

export function lockKey(options: { readonly stackDir: string; readonly name: string }): string {
  const uid = process.getuid?.() ?? "";
  const key = `${uid}\0${options.stackDir}\0${options.name}`;
  return createHash("sha256").update(key).digest("hex").slice(0, 40);
}

function lockAddress(options: LockOptions): string | undefined {
  const diesWithItsHolder = platform() === "linux" || platform() === "win32";
  return diesWithItsHolder ? socketAddress(`rollcall-lock-${lockKey(options)}`) : undefined;
}

function tryListen(address: string, doing: string): Promise<Lock | undefined> {
  const waiters = new Set<Socket>();
  const server = createServer((socket) => {
    waiters.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => waiters.delete(socket));
    socket.write(`${JSON.stringify({ pid: process.pid, doing } satisfies LockHolder)}\n`);
  });
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(undefined) : reject(error),
    );
    // `exclusive`: in a cluster's worker the primary would listen, and would go on after the worker's death.
    server.listen({ path: address, exclusive: true, backlog: 511 }, () =>
      resolve({ release: () => release(server, waiters) }),
    );
  });
}

function release(server: Server, waiters: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    // The address is free before those who wait are told, or they would find it taken.
    server.close(() => resolve());
    for (const waiter of waiters) waiter.destroy();
  });
}

async function untilFreed(address: string, signal: AbortSignal, tell: (holder: LockHolder) => void) {
  const failed = await connectionClosed(address, signal, tell);
  // A full backlog: the holder is busy, and there is nothing to wait on.
  if (failed === "EAGAIN") await delay(20, undefined, { signal });
}

function connectionClosed(
  address: string,
  signal: AbortSignal,
  tell: (holder: LockHolder) => void,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ path: address });
    const abort = () => socket.destroy();
    signal.addEventListener("abort", abort, { once: true });
    let text = "";
    let told = false;
    let failed: string | undefined;
    socket.on("data", (chunk) => {
      if (told) return;
      text += chunk;
      told = text.includes("\n") || text.length > longestLine;
      const holder = told ? parseHolder(text.slice(0, longestLine)) : undefined;
      if (holder !== undefined) tell(holder);
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      failed = error.code;
    });
    socket.on("close", () => {
      signal.removeEventListener("abort", abort);
      resolve(failed);
    });
  });
}

/** Anybody on this machine may listen there: what it says is foreign text. */
export function parseHolder(text: string): LockHolder | undefined {
  try {
    const { pid, doing } = JSON.parse(text) as Partial<LockHolder>;
    return typeof pid === "number" && typeof doing === "string"
      ? { pid, doing: visibleLine(doing) }
      : undefined;
  } catch {
    return undefined;
  }
}
