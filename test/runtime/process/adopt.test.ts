import { execFile, spawn } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { InstanceRecord } from "../../../src/runtime/types.ts";
import { identify, isSame } from "../../../src/util/process-table.ts";
import { listenForNews, type News } from "./news.ts";
import { createRig, fixture, quick, type Rig, unitOf } from "./rig.ts";

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

/** Starts the unit from a process that ends right afterwards, as `rollcall up` does. */
async function startElsewhere(unit: string, role: string): Promise<InstanceRecord> {
  const order = {
    unit: unitOf(unit, fixture("reporter.mjs", news.port, role)),
    env: { GREETING: "hello" },
    ports: [{ name: "http", container: 80, host: 20_080 }],
    logFile: join(rig.run.dir, `${unit}.log`),
  };
  const file = new URL("../../fixtures/processes/start-and-leave.ts", import.meta.url).pathname;
  const argv = ["--import", "jiti/register", file, JSON.stringify(rig.run), JSON.stringify(order)];
  const { stdout } = await promisify(execFile)(process.execPath, argv);
  return JSON.parse(stdout);
}

test("a service lives on when the process that started it ends, and is found again", async () => {
  const record = await startElsewhere("api", "idle");
  const idle = await news.next("idle");
  const instance = await rig.place.adopt(record);
  expect(await instance?.alive()).toEqual(record.incarnation);
  expect(instance?.address("http")).toEqual({ host: "127.0.0.1", port: 20_080 });
  const script = "console.log(process.env.GREETING, process.env.ROLLCALL_UNIT)";
  expect(await instance?.exec(["node", "-e", script], quick)).toEqual({ exitCode: 0, output: "hello api\n" });
  expect(await instance?.stop({ signal: "SIGTERM", graceMs: 30_000 })).toEqual({
    exitCode: null,
    signal: null,
    oomKilled: false,
  });
  await idle.gone;
  expect(await rig.place.adopt(record)).toBeUndefined();
});

test("the end of a service that another process started is noticed", async () => {
  const record = await startElsewhere("api", "idle");
  const instance = await rig.place.adopt(record);
  process.kill((await news.next("idle")).pid, "SIGKILL");
  expect(await instance?.exited).toMatchObject({ exitCode: null });
});

test("what a run left is removed with nothing but the run's name", async () => {
  await startElsewhere("api", "idle");
  const leader = await news.next("idle");
  leader.tell("spawn-session");
  const child = await news.next("session");
  leader.tell("exit");
  await leader.gone;
  expect(await rig.place.audit()).toEqual([
    { kind: "process", text: expect.stringContaining(`process ${child.pid} `) },
  ]);
  expect(await rig.place.remove(quick)).toEqual([]);
  await child.gone;
});

test.each([
  ["start time", { startTime: "1" }, {}],
  ["boot", {}, { bootId: "another" }],
])("a record whose pid was given away is nobody: another %s", async (_what, incarnation, detail) => {
  const { record } = await rig.start("api", fixture("reporter.mjs", news.port, "idle"));
  const stranger = spawn("sleep", ["300"], { stdio: "ignore" });
  try {
    const identity = identify(stranger.pid ?? 0);
    if (identity === undefined) throw new Error("no stranger");
    const stale: InstanceRecord = {
      unit: "api",
      incarnation: { ...record.incarnation, ...identity, ...incarnation },
      detail: { ...(record.detail as object), ...detail },
    };
    expect(await rig.place.adopt(stale)).toBeUndefined();
    await rig.place.remove(quick);
    expect(isSame(identity)).toBe(true);
  } finally {
    stranger.kill("SIGKILL");
  }
});

test("another run's processes are not touched", async () => {
  const other = createRig();
  try {
    await other.start("api", fixture("reporter.mjs", news.port, "other"));
    const { pid } = await news.next("other");
    await rig.place.remove(quick);
    expect(identify(pid)).toBeDefined();
  } finally {
    await other.end();
  }
});
