import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { lstat, mkdir, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Engine } from "./engine.ts";
import type { Found, Search } from "./strategies.ts";

const startLimitMs = 60_000;
/** A busy Podman needs seconds for it. */
const pingLimitMs = 15_000;
/** The service ends on its own when nobody has used it for so long. */
const idleSeconds = 60;

const socketName = "podman.sock";

function ownFolder(): string {
  return join(tmpdir(), `rollcall-podman-${process.getuid?.() ?? 0}`);
}

export function ownPodmanAddress(): string {
  return `unix://${join(ownFolder(), socketName)}`;
}

/** Whether there may be something that was made through one. */
export function hadOwnPodmanService(): boolean {
  return existsSync(ownFolder());
}

/** Podman needs no daemon: where no socket answers, a service of this user's own is started, or found again. */
export async function ownPodmanService({ kind, env }: Search): Promise<Found> {
  if (kind === "docker") return { why: "docker was asked for" };
  if (process.platform !== "linux") return { why: "only on Linux" };
  const setBy = ["CONTAINER_HOST", ...(kind === "auto" ? ["DOCKER_HOST"] : [])].find((name) => env[name]);
  if (setBy !== undefined) return { why: `${setBy} is set` };
  const installed = await output("podman", ["--version"], env);
  if (installed === undefined) return { why: "podman is not installed" };
  const folder = ownFolder();
  const refused = await makePrivate(folder);
  if (refused !== undefined) return { why: refused };
  const socket = join(folder, socketName);
  const address = ownPodmanAddress();
  if (await answers(socket)) return { address };
  return startService(folder, socket, address, env);
}

async function startService(
  folder: string,
  socket: string,
  address: string,
  env: NodeJS.ProcessEnv,
): Promise<Found> {
  // Two commands may start one at the same time: the second finds the first one's socket, or its own.
  await rm(socket, { force: true });
  const log = await open(join(folder, "log"), "w", 0o600);
  const service = spawn("podman", ["system", "service", `--time=${idleSeconds}`, address], {
    detached: true,
    cwd: "/",
    env,
    stdio: ["ignore", log.fd, log.fd],
  });
  let ended: string | undefined;
  service.on("error", (error) => {
    ended = error.message;
  });
  service.on("exit", (code) => {
    ended = `it ended with ${code}`;
  });
  service.unref();
  await log.close();
  const endMs = performance.now() + startLimitMs;
  while (performance.now() < endMs) {
    if (await answers(socket)) return { address };
    if (ended !== undefined) return { why: `podman system service could not be started: ${ended}` };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { why: `podman system service did not answer within ${startLimitMs / 1000} s` };
}

/** The socket of a running Podman machine (macOS, Windows). */
export async function machineSocket({ kind, env }: Search): Promise<Found> {
  if (kind === "docker") return { why: "docker was asked for" };
  if (process.platform === "linux") return { why: "not needed on Linux" };
  const format = "{{.ConnectionInfo.PodmanSocket.Path}}";
  const path = (await output("podman", ["machine", "inspect", "--format", format], env))?.trim();
  return path === undefined || path === "" ? { why: "no Podman machine" } : { address: `unix://${path}` };
}

/** Whoever could write into the folder could stand in for the engine. */
async function makePrivate(folder: string): Promise<string | undefined> {
  await mkdir(folder, { mode: 0o700 }).catch(() => {});
  const stats = await lstat(folder).catch(() => undefined);
  const ours =
    stats?.isDirectory() === true && stats.uid === process.getuid?.() && (stats.mode & 0o077) === 0;
  return ours ? undefined : `${folder} is not a folder of this user's alone`;
}

async function answers(socket: string): Promise<boolean> {
  try {
    await new Engine({ kind: "socket", path: socket }).request("GET", "/_ping", { limitMs: pingLimitMs });
    return true;
  } catch {
    return false;
  }
}

function output(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(command, args, { env, timeout: 10_000 }, (error, stdout) => {
      resolve(error === null ? stdout : undefined);
    });
  });
}
