import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { cli, journalShows } from "./cli.ts";
import { socketOf } from "./engine.ts";
import { engines, everywhere, type Fault, processes } from "./fault.ts";
import { mountSmall } from "./small-disk.ts";
import type { Stage } from "./stage.ts";
import { unit } from "./units.ts";

const jump = fileURLToPath(new URL("./jump.mjs", import.meta.url));
const slow = { beforeMs: 60_000 } as const;
const upArgs = (stage: Stage) => ["up", "--runtime", stage.kind, "--json"];
const hostVariable = (stage: Stage) => (stage.kind === "podman" ? "CONTAINER_HOST" : "DOCKER_HOST");

/** The engine's socket by way of the test, which can cut it. */
async function engineThroughTest(stage: Stage) {
  const sockets = new Set<Socket>();
  let cut = false;
  const server = createServer((client) => {
    if (cut) return client.destroy();
    const engine = connect(socketOf(stage.kind));
    for (const [socket, other] of [
      [client, engine],
      [engine, client],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
    return undefined;
  });
  const path = join(stage.dir, "engine.sock");
  await new Promise<void>((resolve) => server.listen(path, resolve));
  stage.onEnd(() => new Promise((resolve) => server.close(resolve)));
  return {
    env: { [hostVariable(stage)]: `unix://${path}` },
    cut() {
      cut = true;
      for (const socket of sockets) socket.destroy();
    },
    mend() {
      cut = false;
    },
  };
}

/** What the machine lacks, or does to rollcall itself. */
export const machine: readonly Fault[] = [
  {
    name: "the wall clock jumps during a start",
    on: everywhere,
    short: true,
    async play(stage) {
      await stage.define({
        a: unit(stage, { beforeMs: 500 }),
        b: unit(stage, { beforeMs: 1000 }),
        c: unit(stage),
      });
      const command = cli(stage, [...upArgs(stage), "--timeout", "60s"], { nodeOptions: ["--import", jump] });
      expect(await command.ended).toMatchObject({ code: 0 });
      expect((await cli(stage, ["down"]).ended).code).toBe(0);
    },
  },
  {
    name: "rollcall's own file descriptors are used up",
    on: everywhere,
    async play(stage) {
      await stage.define({ a: unit(stage), b: unit(stage, slow) });
      const command = cli(stage, upArgs(stage), { under: ["prlimit", "--nofile=24"] });
      const { code, stdout, stderr } = await command.ended;
      expect(code, `${stdout}${stderr}`).toBeGreaterThan(0);
      expect(`${stdout}${stderr}`).toMatch(/EMFILE|open files/);
    },
  },
  {
    name: "the disk with the run's folder is full before the start",
    on: processes,
    async play(stage) {
      const folder = mountSmall(stage, "16k");
      try {
        writeFileSync(join(folder, "filler"), Buffer.alloc(64 * 1024));
      } catch {
        // Full is what it is to be.
      }
      await stage.define({ a: unit(stage) });
      execFileSync("cp", [join(stage.dir, "rollcall.yaml"), join(stage.dir, "copy.yaml")]);
      mkdirSync(join(stage.dir, ".rollcall"), { mode: 0o700 });
      execFileSync("mount", ["--bind", folder, join(stage.dir, ".rollcall")]);
      stage.onEnd(() => execFileSync("umount", ["-l", join(stage.dir, ".rollcall")]));
      execFileSync("chmod", ["700", folder]);
      const error = await cli(stage, upArgs(stage)).error();
      expect(`${error.message} ${error.hint}`).toMatch(/space|disk/i);
    },
  },
  {
    name: "the disk with the run's folder gets full during the start",
    on: processes,
    async play(stage) {
      const folder = mountSmall(stage, "96k");
      execFileSync("chmod", ["700", folder]);
      await stage.define({ a: unit(stage, { flood: 2000 }), b: unit(stage) });
      mkdirSync(join(stage.dir, ".rollcall"), { mode: 0o700 });
      execFileSync("mount", ["--bind", folder, join(stage.dir, ".rollcall")]);
      stage.onEnd(() => execFileSync("umount", ["-l", join(stage.dir, ".rollcall")]));
      const { code, stdout, stderr } = await cli(stage, upArgs(stage)).ended;
      expect(code, `${stdout}${stderr}`).not.toBe(0);
      expect(`${stdout}${stderr}`).toMatch(/space|disk|ENOSPC/i);
    },
  },
  {
    name: "the disk for data is full when a real postgres makes its cluster",
    on: processes,
    async play(stage) {
      const folder = mountSmall(stage, "8m");
      execFileSync("chmod", ["1777", folder]);
      // A server that refuses root must get there as another user.
      execFileSync("chmod", ["711", stage.dir]);
      await stage.define({ db: { recipe: "postgres" } });
      const error = await cli(stage, upArgs(stage), { env: { TMPDIR: folder } }).error();
      expect(error.service).toBe("db");
      expect(JSON.stringify(error)).toMatch(/disk is full|No space left/);
      // What was learnt of the programs may be kept.
      expect(readdirSync(folder).filter((name) => !name.endsWith("-cache"))).toEqual([]);
    },
  },
  {
    name: "nobody reads what rollcall says any more",
    on: processes,
    async play(stage) {
      await stage.define({ a: unit(stage), b: unit(stage, { beforeMs: 500 }) });
      const command = cli(stage, ["run", "--runtime", "process", "--progress", "plain", "--", "true"]);
      await journalShows(stage, "run.started");
      command.deafen();
      expect((await command.ended).code).toBe(0);
    },
  },
  {
    name: "no engine answers where one should be",
    on: engines,
    short: true,
    async play(stage) {
      await stage.define({ a: unit(stage) });
      const env = { [hostVariable(stage)]: "unix:///nowhere/engine.sock" };
      const error = await cli(stage, upArgs(stage), { env }).error();
      expect(error.code).toBe("RUNTIME_UNAVAILABLE");
      expect(error.message).toContain("/nowhere/engine.sock");
    },
  },
  {
    name: "the engine dies during a start",
    on: engines,
    short: true,
    async play(stage) {
      const engine = await engineThroughTest(stage);
      await stage.define({ a: unit(stage), b: unit(stage, slow) });
      const command = cli(stage, upArgs(stage), { env: engine.env });
      await journalShows(stage, "start.done", "b");
      // An engine that is being restarted has ten seconds to come back.
      stage.visibleAt = Date.now() + 10_000;
      engine.cut();
      const failed = await journalShows(stage, "run.failed");
      stage.toldAt = Date.parse(failed.time);
      expect(failed).toMatchObject({ error: { code: "ENGINE_FAILED" } });
      engine.mend();
      expect((await command.ended).code).toBeGreaterThan(0);
      // Whatever could not be removed then is removed now.
      await cli(stage, ["down"]).ended;
    },
  },
  {
    name: "the engine hangs when it is asked for the first time",
    on: engines,
    async play(stage) {
      const server = createServer(() => {});
      const path = join(stage.dir, "engine.sock");
      await new Promise<void>((resolve) => server.listen(path, resolve));
      await stage.define({ a: unit(stage) });
      const env = { [hostVariable(stage)]: `unix://${path}` };
      const command = cli(stage, [...upArgs(stage), "--timeout", "10s"], { env });
      const error = await command.error();
      expect(error.code).toBe("RUNTIME_UNAVAILABLE");
      server.close();
    },
  },
  {
    name: "eight commands at once bring one stack up: one start, and all of them succeed",
    on: everywhere,
    async play(stage) {
      await stage.define({ a: unit(stage, { beforeMs: 200 }), b: unit(stage) });
      const commands = Array.from({ length: 8 }, () => cli(stage, upArgs(stage)));
      for (const { ended } of commands) expect(await ended).toMatchObject({ code: 0 });
      expect(readdirSync(join(stage.dir, ".rollcall/runs"))).toHaveLength(1);
      expect((await cli(stage, ["down"]).ended).code).toBe(0);
    },
  },
];
