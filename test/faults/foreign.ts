import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { identify, isSame, type ProcessIdentity } from "../../src/util/process-table.ts";
import { busybox, engineOf } from "./engine.ts";
import { engines, everywhere, type Fault, processes, reasonOf } from "./fault.ts";
import { rollcall, type Stage } from "./stage.ts";
import { unit } from "./units.ts";

/** Somebody else's process, listening on so many ports. */
async function somebody(stage: Stage, count: number, host = "127.0.0.1") {
  const source = `
    const { createServer } = require("node:net");
    const ports = [];
    for (let i = 0; i < ${count}; i += 1) {
      const server = createServer().listen(0, ${JSON.stringify(host)}, () => {
        ports.push(server.address().port);
        if (ports.length === ${count}) console.log(JSON.stringify(ports));
      });
    }`;
  const child = spawn(process.execPath, ["-e", source], { stdio: ["ignore", "pipe", "ignore"], cwd: "/" });
  stage.onEnd(() => child.kill("SIGKILL"));
  const [line] = await once(child.stdout, "data");
  const identity = identify(child.pid ?? 0);
  if (identity === undefined) throw new Error("it did not start");
  return { ports: JSON.parse(String(line)) as number[], identity };
}

function fixed(stage: Stage, host: number) {
  return unit(stage, {}, { ports: { http: { container: 8080, host, scheme: "http" } } });
}

/** Somebody else holds all ports; each is named, none touched. */
function portsTaken(name: string, host: string, more: Partial<Fault> = {}): Fault {
  return {
    name,
    on: everywhere,
    ...more,
    async play(stage) {
      const { ports, identity } = await somebody(stage, 3, host);
      const [a = 0, b = 0, c = 0] = ports;
      const stack = await stage.define({ a: fixed(stage, a), b: fixed(stage, b), c: fixed(stage, c) });
      stage.visibleAt = Date.now();
      const { report } = await reasonOf(stage.up(stack));
      stage.toldAt = Date.now();
      expect(report.code).toBe("PORT_TAKEN");
      for (const port of ports) expect(report.message).toContain(String(port));
      expect(report.message).toContain(`process ${identity.pid}`);
      expect(isSame(identity)).toBe(true);
      expect(await rollcall.listRuns(stack)).toEqual([]);
    },
  };
}

interface Tampered {
  owner: { pid: number; startTime: string };
  users: { id: string; owner: { pid: number; startTime: string } }[];
  units: { instance: { incarnation: object; detail: Record<string, unknown> } | null }[];
}

/** A run's record is changed so that it names somebody else's process; then the run is taken down. */
function recordNames(name: string, change: (record: Tampered, pid: ProcessIdentity) => void): Fault {
  return {
    name,
    on: processes,
    async play(stage) {
      const { identity } = await somebody(stage, 1);
      const stack = await stage.define({ a: unit(stage), b: unit(stage) });
      const run = await stage.up(stack, { stay: true, onExit: "report" });
      await run.down();
      const file = join(stage.runDir, "run.json");
      const record = JSON.parse(readFileSync(file, "utf8")) as Tampered;
      change(record, identity);
      stage.tampered = true;
      writeFileSync(file, JSON.stringify(record));
      await rollcall.sweep();
      await rollcall.down(stack);
      expect(isSame(identity), "a foreign process was ended").toBe(true);
    },
  };
}

function renamed(
  { pid, startTime }: ProcessIdentity,
  instance: Tampered["units"][number]["instance"],
  sameStart: boolean,
) {
  if (instance === null) throw new Error("it has no instance");
  const start = sameStart ? startTime : "1";
  const swap = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(swap)
      : typeof value === "object" && value !== null
        ? Object.fromEntries(
            Object.entries(value).map(([key, inner]) => [
              key,
              /pid|session|pgid/i.test(key) ? pid : key === "startTime" ? start : swap(inner),
            ]),
          )
        : value;
  return {
    ...instance,
    incarnation: { id: String(pid), pid, startTime: start },
    detail: swap(instance.detail) as Record<string, unknown>,
  };
}

/** What belongs to somebody else, or says so. */
export const foreign: readonly Fault[] = [
  portsTaken("somebody else's process listens on every port", "127.0.0.1", { short: true }),
  portsTaken("somebody else's process listens on every port, on all addresses", "0.0.0.0"),
  {
    name: "another run of rollcall has the port",
    on: everywhere,
    async play(stage) {
      const holder = await stage.holdPort();
      await new Promise((resolve) => holder.server.close(resolve));
      const stack = await stage.define({ a: fixed(stage, holder.port) });
      const first = await stage.up(stack, { name: "first" });
      const { report } = await reasonOf(stage.up(stack, { name: "second" }));
      expect(report).toMatchObject({ code: "PORT_TAKEN", service: "a" });
      if (stage.onProcesses) expect(report.message).toContain(first.id);
      expect((await fetch(first.service("a").url())).status).toBe(200);
      await first.down();
    },
  },
  {
    name: "somebody else's container has the port",
    on: engines,
    short: true,
    async play(stage) {
      const engine = engineOf(stage.kind);
      const holder = await stage.holdPort();
      await new Promise((resolve) => holder.server.close(resolve));
      const container = await engine.createContainer({
        name: `somebody-${stage.kind}-${holder.port}`,
        Image: busybox,
        Cmd: ["sleep", "600"],
        ExposedPorts: { "80/tcp": {} },
        HostConfig: { PortBindings: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: String(holder.port) }] } },
      });
      stage.onEnd(() => container.remove({ force: true }));
      await container.start();
      const { report } = await reasonOf(stage.up(await stage.define({ a: fixed(stage, holder.port) })));
      expect(report).toMatchObject({ code: "PORT_TAKEN", service: "a" });
      expect((await container.inspect()).State.Running).toBe(true);
    },
  },
  recordNames("a stale record names a pid that was given away", (record, pid) => {
    record.units = record.units.map((each) => ({ ...each, instance: renamed(pid, each.instance, false) }));
    record.owner = { ...record.owner, pid: pid.pid };
  }),
  recordNames("a record was changed to name somebody else's process exactly", (record, pid) => {
    record.units = record.units.map((each) => ({ ...each, instance: renamed(pid, each.instance, true) }));
  }),
  recordNames("a record was changed so that its owner is somebody else's process", (record, pid) => {
    record.owner = { ...record.owner, ...pid };
    record.users = [{ id: "u1", owner: record.owner }];
  }),
  {
    name: "a record was cut off",
    on: processes,
    async play(stage) {
      const stack = await stage.define({ a: unit(stage) });
      const run = await stage.up(stack, { stay: true });
      const file = join(stage.runDir, "run.json");
      const whole = readFileSync(file);
      truncateSync(file, 100);
      const { report } = await reasonOf(stage.up(stack));
      expect(report.code).toBe("STATE_INVALID");
      expect(report.message).toContain(stage.runDir);
      writeFileSync(file, whole);
      await run.down();
      await rollcall.down(stack);
    },
  },
  {
    name: "the state folder is a link to somebody else's",
    on: processes,
    async play(stage) {
      const elsewhere = join(stage.dir, "elsewhere");
      mkdirSync(elsewhere);
      symlinkSync(elsewhere, join(stage.dir, ".rollcall"));
      const { report } = await reasonOf(stage.up(await stage.define({ a: unit(stage) })));
      expect(report.code).toBe("STATE_INVALID");
      expect(existsSync(join(elsewhere, "runs"))).toBe(false);
    },
  },
  {
    name: "another command is at work on the run and hangs",
    on: processes,
    async play(stage) {
      const stack = await stage.define({ a: unit(stage) });
      const never = new AbortController().signal;
      const lock = await rollcall.acquireLock({
        stackDir: stage.dir,
        name: "fault",
        doing: "thinking",
        signal: never,
        onWait: () => {},
      });
      const startedAt = Date.now();
      const { report } = await reasonOf(stage.up(stack, { timeoutMs: 1500 }));
      stage.visibleAt = startedAt + 1500;
      stage.toldAt = Date.now();
      expect(report.code).toBe("LOCKED");
      expect(report.message).toContain(`${process.pid} is thinking`);
      await lock.release();
    },
  },
];
