import { mkdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findFreePort } from "../../../src/ports/find-free-port.ts";
import { companionsOf } from "../../../src/runtime/container/local-processes.ts";
import { describeEngines } from "../../engines/engines.ts";
import { busybox, form, never, script, stackOf, unit, useRuns } from "./rig.ts";

describeEngines("A run in an engine", (engine) => {
  const rig = useRuns(engine);
  const { newRun, readyRun } = rig;

  test("says what it is", () => {
    expect(rig.runtime().kind).toBe(engine.kind);
    expect(rig.runtime().description).toMatch(/^(Podman|Docker) \d+\.\d+.* \(unix:/);
  });

  test("tells the end of a unit with its code and its whole log, and leaves nothing", async () => {
    const each = script("one", "echo hello; echo oops >&2; exit 3");
    const { place, order, log, end } = await readyRun(each);
    const instance = await place.start(order(each), { signal: never });
    expect(await instance.exited).toEqual({ exitCode: 3, signal: null, oomKilled: false });
    expect((await log("one")).split("\n").sort()).toEqual(["", "hello", "oops"]);
    expect(await instance.alive()).toBeUndefined();
    expect((await place.audit()).map(({ kind }) => kind).sort()).toEqual(["container", "network"]);
    expect(await end()).toEqual([]);
    expect(await place.audit()).toEqual([]);
  });

  test("has the log complete when the end is told, however long it is", async () => {
    const each = script("long", "seq 1 60000");
    const { place, order, log } = await readyRun(each);
    const instance = await place.start(order(each), { signal: never });
    await instance.exited;
    const lines = (await log("long")).trimEnd().split("\n");
    expect(lines.length).toBe(60_000);
    expect(lines.every((line, index) => line === String(index + 1))).toBe(true);
  });

  test("lets units find each other under names and aliases, and publishes ports on 127.0.0.1 only", async () => {
    const web = unit(
      "web",
      form(busybox, {
        command: [["sh"], ["-c"], ["mkdir /www; echo page >/www/index.html; exec httpd -f -p 8080 -h /www"]],
        aliases: ["intranet"],
      }),
      { ports: [{ name: "http", container: 8080, host: "free", scheme: "http" }] },
    );
    const client = script(
      "client",
      'wait_for() { for i in $(seq 100); do wget -q -O- "$1" && return; sleep 0.1; done; exit 7; }; wait_for http://web:8080/; wait_for http://intranet:8080/',
    );
    const { place, order, log } = await readyRun(web, client);
    const reservation = await findFreePort();
    const host = reservation.port;
    await reservation.release();
    const server = await place.start(order(web, [{ name: "http", container: 8080, host }]), {
      signal: never,
    });
    const asker = await place.start(order(client), { signal: never });
    expect(await asker.exited).toMatchObject({ exitCode: 0 });
    expect(await log("client")).toBe("page\npage\n");
    expect(server.address("http")).toEqual({ host: "127.0.0.1", port: host });
    expect(await (await fetch(`http://127.0.0.1:${host}/`)).text()).toBe("page\n");
    const outside = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .find(({ internal, family }) => !internal && family === "IPv4");
    if (outside !== undefined) expect(await canConnect(outside.address, host)).toBe(false);
  });

  test("brings files, folders, volumes, tmpfs, environment, user and folder", async () => {
    const run = await newRun();
    await mkdir(join(run.run.dir, "folder/inner"), { recursive: true });
    await writeFile(join(run.run.dir, "folder/inner/a.txt"), "a\n");
    await writeFile(join(run.run.dir, "b.txt"), "b\n", { mode: 0o600 });
    const each = unit(
      "files",
      form(busybox, {
        command: [
          ["sh"],
          ["-c"],
          [
            "id -u; pwd; echo $WHAT; cat /in/inner/a.txt /in/b.txt /etc/made/c.txt /bound/b.txt; stat -c %a /in/b.txt; touch /vol/x && echo vol; grep -c ' /scratch tmpfs' /proc/mounts",
          ],
        ],
        user: "0",
        workdir: "/tmp",
      }),
      {
        files: [
          { kind: "copy", source: join(run.run.dir, "folder"), target: "/in", mode: undefined },
          { kind: "copy", source: join(run.run.dir, "b.txt"), target: "/in/b.txt", mode: 0o640 },
          { kind: "content", content: ["c", "\n"], target: "/etc/made/c.txt", mode: undefined },
          { kind: "bind", source: run.run.dir, target: "/bound", readOnly: true },
          { kind: "volume", volume: "data", target: "/vol", readOnly: false },
          { kind: "tmpfs", target: "/scratch", options: undefined },
        ],
      },
    );
    await run.place.setUp(stackOf(each), { signal: never });
    await run.place.setUp(stackOf(each), { signal: never });
    const instance = await run.place.start(run.order(each, [], { WHAT: "value" }), { signal: never });
    await instance.exited;
    expect(await run.log("files")).toBe("0\n/tmp\nvalue\na\nb\nc\nb\n640\nvol\n1\n");
    expect((await run.place.audit()).map(({ kind }) => kind).sort()).toEqual([
      "container",
      "network",
      "volume",
    ]);
    expect(await run.end()).toEqual([]);
  });

  test("tells a lack of memory from SIGKILL", async () => {
    const hungry = unit(
      "hungry",
      form(busybox, { command: [["sh"], ["-c"], ["a=x; while true; do a=$a$a; done"]], memoryBytes: 24e6 }),
    );
    const patient = script("patient", "exec sleep 600");
    const { place, order } = await readyRun(hungry, patient);
    const first = await place.start(order(hungry), { signal: never });
    const second = await place.start(order(patient), { signal: never });
    await rig.runtime().engine.request("POST", `/containers/${second.incarnation.id}/kill`, {
      query: { signal: "SIGKILL" },
    });
    expect(await second.exited).toEqual({ exitCode: null, signal: "SIGKILL", oomKilled: false });
    expect(await first.exited).toEqual({ exitCode: null, signal: "SIGKILL", oomKilled: true });
  });

  test("tells the end of a container that somebody else removes", async () => {
    const each = script("victim", "exec sleep 600");
    const { place, order } = await readyRun(each);
    const instance = await place.start(order(each), { signal: never });
    const path = `/containers/${instance.incarnation.id}`;
    await rig.runtime().engine.request("DELETE", path, { query: { force: true } });
    expect(await instance.exited).toMatchObject({ exitCode: null, oomKilled: false });
    expect(await instance.alive()).toBeUndefined();
  });

  test("stops with the unit's signal, and with SIGKILL when that is not heeded in time", async () => {
    const polite = script("polite", "trap 'echo bye; exit 0' USR1; echo up; while :; do sleep 0.1; done");
    const deaf = script("deaf", "trap '' TERM; echo up; while :; do sleep 0.1; done");
    const { place, order, log } = await readyRun(polite, deaf);
    const [first, second] = await Promise.all(
      [polite, deaf].map((each) => place.start(order(each), { signal: never })),
    );
    await expect
      .poll(async () => (await log("polite")) + (await log("deaf")), { timeout: 20_000 })
      .toBe("up\nup\n");
    expect(await first?.stop({ signal: "SIGUSR1", graceMs: 30_000 })).toMatchObject({ exitCode: 0 });
    expect(await first?.stop({ signal: "SIGUSR1", graceMs: 30_000 })).toMatchObject({ exitCode: 0 });
    expect(await log("polite")).toContain("bye");
    await second?.pause();
    expect(await second?.alive()).toEqual(second?.incarnation);
    expect(await second?.stop({ signal: "SIGTERM", graceMs: 300 })).toMatchObject({ signal: "SIGKILL" });
  });

  test("runs commands inside, bounds their output and ends one that is called off", async () => {
    const each = script("host", "exec sleep 600");
    const { place, order, end } = await readyRun(each);
    const instance = await place.start(order(each), { signal: never });
    const run = (text: string, signal = never) =>
      instance.exec(["sh", "-c", text], { signal, env: { A: "b" } });
    const both = await run("echo $A; echo err >&2; exit 4");
    expect([both.exitCode, both.output.trim().split("\n").sort()]).toEqual([4, ["b", "err"]]);
    const absent = await instance.exec(["/no/such"], { signal: never });
    expect([126, 127]).toContain(absent.exitCode);
    const long = await run("seq 1 30000");
    expect(long.output.length).toBeLessThanOrEqual(64 * 1024);
    expect(long.output).toMatch(/\n30000\n$/);
    const controller = new AbortController();
    const called = run("exec sleep 599", controller.signal);
    await expect.poll(async () => (await run("ps")).output, { timeout: 20_000 }).toContain("sleep 599");
    controller.abort(new Error("called off"));
    await expect(called).rejects.toThrow("called off");
    await expect.poll(async () => (await run("ps")).output, { timeout: 20_000 }).not.toContain("sleep 599");
    expect(await end()).toEqual([]);
    expect(companionsOf([instance.incarnation.id])).toEqual([]);
  });

  test("removes what the engine still makes after its asker has changed its mind", async () => {
    const units = stackOf(script("any", "true"));
    for (let turns = 0; turns < 8; turns += 1) {
      const { place, end } = await newRun();
      const controller = new AbortController();
      const settingUp = place.setUp(units, { signal: controller.signal });
      // Before the first request, within one, or between two of them.
      for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      controller.abort(new Error("called off"));
      await Promise.allSettled([settingUp]);
      expect(await end()).toEqual([]);
      // By the time that another network has been made, one that was asked for before is there as well.
      const other = await newRun();
      await other.place.setUp(units, { signal: never });
      await other.end();
      expect(await place.audit()).toEqual([]);
    }
  });

  test("starts a unit again as another incarnation, with its data", async () => {
    const each = script(
      "again",
      "echo start >>/data; cat /data; trap 'exit 0' TERM; while :; do sleep 0.1; done",
    );
    const { place, order, log } = await readyRun(each);
    const first = await place.start(order(each), { signal: never });
    await expect.poll(() => log("again"), { timeout: 20_000 }).toBe("start\n");
    await first.stop({ signal: "SIGTERM", graceMs: 20_000 });
    const second = await place.start(order(each), { signal: never });
    expect(second.incarnation).not.toEqual(first.incarnation);
    expect([first, second].map(({ record }) => record.logFrom)).toEqual([0, "start\n".length]);
    await expect.poll(() => log("again"), { timeout: 20_000 }).toBe("start\nstart\nstart\n");
    expect(await second.alive()).toEqual(second.incarnation);
  });

  test("is taken up by another command; what was logged meanwhile is there before it is removed", async () => {
    const each = script(
      "stays",
      "echo one; while [ ! -e /go ]; do sleep 0.1; done; echo two; exec sleep 600",
    );
    const { place, order, log, run } = await readyRun(each);
    const started = await place.start(order(each), { signal: never });
    await expect.poll(() => log("stays"), { timeout: 20_000 }).toBe("one\n");
    await place.close();
    const later = rig.runtime().open(run);
    const record = JSON.parse(JSON.stringify(started.record));
    const adopted = await later.adopt(record);
    expect(adopted?.record).toEqual(started.record);
    await later.close();
    await started.exec(["touch", "/go"], { signal: never });
    await expect
      .poll(async () => (await started.exec(["ps"], { signal: never })).output, { timeout: 20_000 })
      .toMatch(/^ *1 +root +sleep 600$/m);
    expect(await later.remove({ signal: never })).toEqual([]);
    expect(await log("stays")).toBe("one\ntwo\n");
    expect(await later.adopt(record)).toBeUndefined();
  });

  test("keeps runs of one stack apart that come and go at the same time", async () => {
    const each = script("same", "exec sleep 600", {
      files: [{ kind: "volume", volume: "data", target: "/data", readOnly: false }],
    });
    const together = await Promise.all([1, 2, 3].map(() => readyRun(each)));
    const instances = await Promise.all(
      together.map(({ place, order }) => place.start(order(each), { signal: never })),
    );
    const [first, ...others] = together;
    expect(await first?.end()).toEqual([]);
    for (const instance of instances.slice(1)) expect(await instance.alive()).toEqual(instance.incarnation);
    expect(await Promise.all(others.map(({ end }) => end()))).toEqual([[], []]);
  });

  test("does not show values of the environment in what it keeps for a post-mortem", async () => {
    const each = script("secret", "exec sleep 600");
    const { place, order } = await readyRun(each);
    const instance = await place.start(order(each, [], { PASSWORD: "s3cret-value" }), { signal: never });
    const kept = JSON.stringify(await instance.inspect());
    expect(kept).toContain("PASSWORD=");
    expect(kept).not.toContain("s3cret-value");
    expect(JSON.stringify(instance.record)).not.toContain("s3cret-value");
  });
});

function canConnect(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 3000 });
    const settle = (connected: boolean) => {
      socket.destroy();
      resolve(connected);
    };
    socket.once("connect", () => settle(true));
    socket.once("error", () => settle(false));
    socket.once("timeout", () => settle(false));
  });
}
