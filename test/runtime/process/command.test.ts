import { spawn } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { identify, listProcesses } from "../../../src/util/process-table.ts";
import { listenForNews, type News } from "./news.ts";
import { command, createRig, fixture, quick, type Rig } from "./rig.ts";

let rig: Rig;
let news: News;
beforeEach(async () => {
  rig = createRig();
  news = await listenForNews();
});
afterEach(async () => {
  await rig.end();
  news.close();
});

const gently = { signal: "SIGTERM", graceMs: 30_000 } as const;
const reporter = (role: string) => fixture("reporter.mjs", news.port, role);

describe("a command service", () => {
  test("runs in a session of its own, marked, with a private log", async () => {
    const instance = await rig.start("api", reporter("idle"));
    const idle = await news.next("idle");
    const entry = listProcesses().find(({ pid }) => pid === idle.pid);
    expect(entry).toMatchObject({ session: idle.pid, pgid: idle.pid });
    expect(instance.incarnation).toEqual({
      id: String(idle.pid),
      pid: idle.pid,
      startTime: entry?.startTime,
    });
    expect(await instance.alive()).toEqual(instance.incarnation);
    expect(idle.mark).toBe("api");
    expect(statSync(join(rig.run.dir, "api.log")).mode & 0o777).toBe(0o600);
  });

  test("tells its exit code", async () => {
    const instance = await rig.start("api", command("node", "-e", "process.exit(3)"));
    expect(await instance.exited).toEqual({ exitCode: 3, signal: null, oomKilled: false });
    expect(await instance.alive()).toBeUndefined();
  });

  test("tells the signal that ended it", async () => {
    const instance = await rig.start("api", reporter("idle"));
    process.kill((await news.next("idle")).pid, "SIGKILL");
    expect(await instance.exited).toMatchObject({ exitCode: null, signal: "SIGKILL" });
  });

  test("has both of its streams in the log, byte for byte", async () => {
    const script = "process.stdout.write(Buffer.from([0,255,10]));process.stderr.write('err')";
    const instance = await rig.start("api", command("node", "-e", script));
    await instance.exited;
    expect(rig.log("api")).toContain("err");
    expect(statSync(join(rig.run.dir, "api.log")).size).toBe(6);
  });

  test("gets nothing of our environment but what finds programs and folders", async () => {
    process.env["LEAKED"] = "1";
    const instance = await rig.start(
      "api",
      command("node", "-e", "console.log(Object.keys(process.env).join())"),
    );
    await instance.exited;
    delete process.env["LEAKED"];
    expect(rig.log("api")).toMatch(/\bPATH\b/);
    expect(rig.log("api")).not.toMatch(/LEAKED|VITEST|NODE_OPTIONS/);
  });

  test.each([
    [["no-such-program-here"], /there is no program no-such-program-here/],
    [["./missing"], /there is no program .*\/missing/],
    [[import.meta.filename], /may not be executed/],
  ])("that can't be started says why: %j", async (argv, reason) => {
    await expect(rig.start("api", command(...argv))).rejects.toMatchObject({
      code: "START_FAILED",
      service: "api",
      message: expect.stringMatching(reason),
    });
  });

  test("whose folder is missing says so", async () => {
    const form = { kind: "command", argv: [["node"]], cwd: "/no/such/folder" } as const;
    await expect(rig.start("api", form)).rejects.toThrow("its working folder /no/such/folder does not exist");
  });
});

describe("stop", () => {
  test("asks the whole group once and waits for all of it", async () => {
    const instance = await rig.start("api", reporter("idle"));
    const leader = await news.next("idle");
    leader.tell("spawn-child");
    const child = await news.next("child");
    expect(await instance.stop(gently)).toMatchObject({ signal: "SIGTERM" });
    await Promise.all([leader.gone, child.gone]);
    expect(await rig.place.audit()).toEqual([]);
  });

  test("kills what ignores the signal, after the grace and not before", async () => {
    const instance = await rig.start("api", reporter("counting"));
    await news.next("counting");
    const began = performance.now();
    expect(await instance.stop({ signal: "SIGTERM", graceMs: 500 })).toMatchObject({ signal: "SIGKILL" });
    expect(performance.now() - began).toBeGreaterThanOrEqual(500);
    expect(rig.log("api")).toBe("SIGTERM 1\n");
  });

  test("ends the children of a leader that died first, even without a mark", async () => {
    const instance = await rig.start("api", reporter("idle"));
    const leader = await news.next("idle");
    leader.tell("spawn-bare-child");
    const child = await news.next("child");
    leader.tell("exit");
    expect(await instance.exited).toMatchObject({ exitCode: 0 });
    expect(identify(child.pid)).toBeDefined();
    expect(await instance.stop(gently)).toMatchObject({ exitCode: 0 });
    await child.gone;
  });

  test("ends a child that went into a session of its own", async () => {
    const instance = await rig.start("api", reporter("idle"));
    (await news.next("idle")).tell("spawn-session");
    const child = await news.next("session");
    await instance.stop(gently);
    await child.gone;
  });

  test("ends processes that fork faster than they can be looked at", async () => {
    const file = new URL("../../fixtures/processes/chain.sh", import.meta.url).pathname;
    const instance = await rig.start("api", command("sh", file));
    await instance.exited;
    expect(await rig.place.remove(quick)).toEqual([]);
    expect(await rig.place.audit()).toEqual([]);
  });

  test("ends a paused service", async () => {
    const instance = await rig.start("api", reporter("idle"));
    const { pid } = await news.next("idle");
    await instance.pause();
    expect(listProcesses().find((entry) => entry.pid === pid)?.state).toBe("T");
    await instance.resume();
    await instance.pause();
    expect(await instance.stop(gently)).toMatchObject({ signal: "SIGTERM" });
  });

  test("of what has ended says how it ended, and again the same", async () => {
    const instance = await rig.start("api", command("node", "-e", "process.exit(3)"));
    await instance.exited;
    expect(await instance.stop(gently)).toMatchObject({ exitCode: 3 });
    expect(await instance.stop(gently)).toMatchObject({ exitCode: 3 });
    expect(await instance.kill()).toMatchObject({ exitCode: 3 });
  });

  test("touches no other unit of the run", async () => {
    const api = await rig.start("api", reporter("idle"));
    await news.next("idle");
    const other = await rig.start("other", reporter("other"));
    await news.next("other");
    await api.kill();
    expect(await other.alive()).toBeDefined();
  });
});

describe("exec", () => {
  test("runs beside the unit, tells its output and exit code", async () => {
    const instance = await rig.start("api", reporter("idle"));
    const script = "console.log(process.env.EXTRA);process.exit(4)";
    const result = await instance.exec(["node", "-e", script], { ...quick, env: { EXTRA: "x" } });
    expect(result).toEqual({ exitCode: 4, output: "x\n" });
  });

  test("of a program that is not there is exit code 127", async () => {
    const instance = await rig.start("api", reporter("idle"));
    expect(await instance.exec(["no-such-program-here"], quick)).toMatchObject({ exitCode: 127 });
  });

  test("ends the command when aborted", async () => {
    const instance = await rig.start("api", reporter("idle"));
    const controller = new AbortController();
    const form = reporter("beside");
    if (form.kind !== "command") throw new Error("not a command");
    const running = instance.exec(
      form.argv.map(([word]) => String(word)),
      { signal: controller.signal },
    );
    const beside = await news.next("beside");
    controller.abort(new Error("enough"));
    await expect(running).rejects.toThrow("enough");
    await beside.gone;
  });
});

describe("remove", () => {
  test("spares a stranger who happens to be in the run's folder", async () => {
    await rig.start("api", reporter("idle"));
    const stranger = spawn("sleep", ["300"], { cwd: rig.run.dir, stdio: "ignore" });
    try {
      expect(await rig.place.remove(quick)).toEqual([]);
      expect(identify(stranger.pid ?? 0)).toBeDefined();
    } finally {
      stranger.kill("SIGKILL");
    }
  });
});
