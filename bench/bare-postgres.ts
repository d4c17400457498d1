import { spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort } from "../src/ports/find-free-port.ts";
import { defaultCacheDir, openCacheDir } from "../src/runtime/process/cache-dir.ts";
import { findPostgres } from "../src/runtime/process/postgres/find-postgres.ts";
import { serverUser } from "../src/runtime/process/postgres/server-user.ts";
import { timed } from "./stats.ts";

export interface BarePostgres {
  /** From the start to "ready to accept connections", in milliseconds. */
  startAndStop(): Promise<{ readonly startMs: number; readonly stopMs: number }>;
  remove(): Promise<void>;
}

/** The floor of every start of a PostgreSQL on this machine: its own program on a folder that is prepared. */
export async function prepareBarePostgres(): Promise<BarePostgres> {
  const signal = new AbortController().signal;
  const { binDir } = await findPostgres({
    configuredDir: undefined,
    cacheDir: openCacheDir(defaultCacheDir()),
    signal,
  });
  const user = serverUser();
  const as = user === undefined ? {} : { uid: user.uid, gid: user.gid };
  const dir = await mkdtemp(join(tmpdir(), "rollcall-bench-"));
  if (user !== undefined) await chown(dir, user.uid, user.gid);
  const dataDir = join(dir, "data");
  const run = (program: string, args: readonly string[]) =>
    spawn(join(binDir, program), args, { ...as, cwd: dir, stdio: ["ignore", "ignore", "pipe"] });
  const [code] = await once(run("initdb", ["-D", dataDir, "--auth=trust", "--no-sync"]), "exit");
  if (code !== 0) throw new Error(`initdb ended with ${code}`);
  return {
    startAndStop: async () => {
      const { port, release } = await findFreePort();
      const settings = [`port=${port}`, `unix_socket_directories=${dir}`, "fsync=off"];
      const server = run("postgres", ["-D", dataDir, ...settings.flatMap((each) => ["-c", each])]);
      const ended = once(server, "exit");
      const { ms: startMs } = await timed(async () => {
        let text = "";
        for await (const chunk of server.stderr) {
          text += String(chunk);
          if (text.includes("ready to accept connections")) return;
        }
        throw new Error(`postgres ended: ${text}`);
      });
      const { ms: stopMs } = await timed(async () => {
        server.kill("SIGINT");
        await ended;
        release();
      });
      return { startMs, stopMs };
    },
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}
