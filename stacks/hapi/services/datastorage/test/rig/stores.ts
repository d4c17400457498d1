import { type ChildProcess, spawn } from "node:child_process";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { defaultCacheDir } from "../../../../../../src/runtime/process/cache-dir.ts";
import { findPostgres } from "../../../../../../src/runtime/process/postgres/find-postgres.ts";
import { serverUser } from "../../../../../../src/runtime/process/postgres/server-user.ts";
import { findRedis, redisEnvironment } from "../../../../../../src/runtime/process/redis/find-redis.ts";
import { endChild, until } from "./child.ts";
import { freePort } from "./free-port.ts";

export interface Store {
  readonly port: number;
  start(): Promise<void>;
  /** Ends it at once; the data stays. */
  stop(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** Ends it and removes its data. */
  remove(): Promise<void>;
}

const signal = new AbortController().signal;

function asServerUser() {
  const user = serverUser();
  return user === undefined ? {} : { uid: user.uid, gid: user.gid };
}

/** A PostgreSQL of its own, superuser `postgres` without a password. */
export async function createPostgres(): Promise<Store> {
  const { binDir } = await findPostgres({ configuredDir: undefined, cacheDir: defaultCacheDir(), signal });
  const dir = await mkdtemp(join(tmpdir(), "datastorage-postgres-"));
  const user = serverUser();
  if (user !== undefined) await chown(dir, user.uid, user.gid);
  const data = join(dir, "data");
  await run(
    join(binDir, "initdb"),
    ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"],
    dir,
  );
  const port = await freePort();
  const settings = {
    port,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: dir,
    fsync: "off",
    max_connections: 200,
    // A crash leaves no segment in /dev/shm.
    dynamic_shared_memory_type: "mmap",
  };
  const args = [
    "-D",
    data,
    ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  ];
  let child: ChildProcess | undefined;
  const store: Store = {
    port,
    async start() {
      child = spawn(join(binDir, "postgres"), args, { cwd: dir, stdio: "ignore", ...asServerUser() });
      await until(() => answers(port), "PostgreSQL answers");
    },
    async stop() {
      // SIGQUIT: without a word to anybody, like a crash.
      if (child !== undefined) await endChild(child, "SIGQUIT");
    },
    signal: (name) => void child?.kill(name),
    async remove() {
      if (child !== undefined) await endChild(child, "SIGQUIT");
      await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  await store.start();
  return store;
}

async function answers(port: number): Promise<true | undefined> {
  const client = new pg.Client({ host: "127.0.0.1", port, user: "postgres", database: "postgres" });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("SELECT 1");
    return true;
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => {});
  }
}

/** A Redis of its own, from PATH or the distribution's package, without persistence. */
export async function createRedisServer(): Promise<Store> {
  const program = await findRedis({
    configuredDir: undefined,
    cacheDir: defaultCacheDir(),
    signal,
    progress: () => {},
  });
  const dir = await mkdtemp(join(tmpdir(), "datastorage-redis-"));
  const port = await freePort();
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", dir];
  let child: ChildProcess | undefined;
  const store: Store = {
    port,
    async start() {
      child = spawn(program.program, args, {
        cwd: dir,
        env: redisEnvironment(program),
        stdio: ["ignore", "pipe", "ignore"],
      });
      let output = "";
      child.stdout?.on("data", (chunk) => {
        output += String(chunk);
      });
      await until(
        () => (output.includes("Ready to accept connections") ? true : undefined),
        "Redis is ready",
      );
    },
    async stop() {
      if (child !== undefined) await endChild(child, "SIGKILL");
    },
    signal: (name) => void child?.kill(name),
    async remove() {
      if (child !== undefined) await endChild(child, "SIGKILL");
      await rm(dir, { recursive: true, force: true });
    },
  };
  await store.start();
  return store;
}

async function run(program: string, args: readonly string[], cwd: string): Promise<void> {
  const child = spawn(program, args, { cwd, stdio: ["ignore", "ignore", "pipe"], ...asServerUser() });
  let errors = "";
  child.stderr?.on("data", (chunk) => {
    errors += String(chunk);
  });
  const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  if (code !== 0) throw new Error(`${program} ended with ${String(code)}: ${errors}`);
}
