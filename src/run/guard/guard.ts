import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { RollcallError } from "../../errors/rollcall-error.ts";
import { limited } from "../../util/limited.ts";
import { socketAddress } from "../lock/socket-address.ts";

/** Far beyond what the start of a process takes on the busiest machine. */
const helloLimitMs = 60_000;
/** A guard that runs answers within milliseconds; whoever joins it holds the run's lock meanwhile. */
const welcomeLimitMs = 5000;

/** This process's hold on the run's guard: the guard acts when the last hold is gone. */
export interface GuardHold {
  /** The run needs no guard any more: it is down, or stays up on purpose. */
  dismiss(): void;
  /** This user has left; others may go on. */
  leave(): void;
  /** From now on the hold does not keep this process alive. */
  unref(): void;
}

/** A hold on one guard process. */
export interface OneHold extends GuardHold {
  /** Resolves when the connection has ended: this user has gone, or the guard. */
  readonly closed: Promise<void>;
}

/** One line from a user to the guard; `dismiss` counts on the pipe only. */
export type GuardWord = { readonly user: string } | { readonly dismiss: true };

/**
 * Starts the guard of a run, in a session of its own, and resolves when it watches this process. The pipe closes with
 * the process, however it dies.
 */
export async function startGuard(runDir: string, user: string, signal: AbortSignal): Promise<OneHold> {
  const child = spawn(process.execPath, [...guardProgram(), runDir, user], {
    detached: true,
    // A run's mark in the environment would make the guard end itself.
    env: { ...process.env, ROLLCALL_RUN: "", NODE_OPTIONS: guardNodeOptions(process.env["NODE_OPTIONS"]) },
    cwd: "/",
    stdio: ["pipe", "pipe", "ignore"],
    windowsHide: true,
  });
  try {
    await hello(child, limited(signal, helloLimitMs));
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  child.stdout?.destroy();
  const pipe = child.stdin as unknown as Socket;
  return holdOf(pipe, () => child.unref());
}

async function hello(child: ChildProcess, signal: AbortSignal): Promise<void> {
  const [first] = await Promise.race([
    once(child.stdout ?? child, "data", { signal }),
    once(child, "exit", { signal }).then(([code]) => {
      throw new RollcallError("INTERNAL", {
        message: `Internal error: the run's guard ended at once (${code}).`,
      });
    }),
  ]);
  if (!String(first).startsWith("hello"))
    throw new RollcallError("INTERNAL", { message: `Internal error: the run's guard said ${String(first)}` });
}

/** A further user of a run; undefined: its guard is not there, or does not answer. */
export function joinGuard(run: string, user: string, signal: AbortSignal): Promise<OneHold | undefined> {
  const limit = limited(signal, welcomeLimitMs);
  return new Promise((resolve) => {
    const socket = connect({ path: guardAddress(run) });
    const giveUp = () => void socket.destroy();
    limit.addEventListener("abort", giveUp, { once: true });
    if (limit.aborted) giveUp();
    socket.once("error", () => {});
    socket.once("connect", () => say(socket, { user }));
    socket.once("data", () => {
      limit.removeEventListener("abort", giveUp);
      resolve(holdOf(socket, () => {}));
    });
    socket.once("close", () => resolve(undefined));
  });
}

function holdOf(socket: Socket, unrefMore: () => void): OneHold {
  socket.on("error", () => {});
  const closed = new Promise<void>((resolve) => void socket.once("close", () => resolve()));
  const unref = () => {
    socket.unref();
    unrefMore();
  };
  return {
    closed,
    dismiss() {
      say(socket, { dismiss: true });
      socket.end();
    },
    leave() {
      socket.end();
      // What the guard does now may take minutes: an engine that has died must come back first.
      unref();
    },
    unref,
  };
}

function say(socket: Socket, word: GuardWord): void {
  socket.write(`${JSON.stringify(word)}\n`);
}

/** It can be seen by others of this machine: who connects may count as a user, and do nothing else. */
export function guardAddress(run: string): string {
  return socketAddress(`rollcall-guard-${run}`);
}

/** A debugger or hooks of the program's own have no business in the guard; without Plug'n'Play it finds no package. */
export function guardNodeOptions(options = ""): string {
  const plugAndPlay = /(?:--require|-r|--import|--loader|--experimental-loader)[= ]\S*\.pnp\.\S+/g;
  return (options.match(plugAndPlay) ?? []).join(" ");
}

/** The built file, or the source as it is (through jiti) where rollcall itself is being worked on. */
function guardProgram(): readonly string[] {
  const built = fileURLToPath(new URL("./guard-main.js", import.meta.url));
  if (existsSync(built)) return [built];
  const source = fileURLToPath(new URL("./guard-main.ts", import.meta.url));
  return ["--import", import.meta.resolve("jiti/register"), source];
}
