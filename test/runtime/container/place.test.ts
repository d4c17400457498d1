import { afterAll, beforeAll, expect, test } from "vitest";
import type { ContainerRuntime } from "../../../src/runtime/container/runtime.ts";
import { describeEngines, openEngine } from "../../engines/engines.ts";
import { never, openRun, quiet, type RigRun, script, stackOf } from "./rig.ts";

describeEngines("A run in an engine", (engine) => {
  let runtime: ContainerRuntime;
  const runs: RigRun[] = [];
  const newRun = async () => {
    const run = await openRun(runtime);
    runs.push(run);
    return run;
  };

  beforeAll(async () => {
    runtime = await openEngine(engine);
  });
  afterAll(async () => {
    for (const run of runs) await run.end();
    await runtime.close();
  });

  test("says what it is", () => {
    expect(runtime.kind).toBe(engine.kind);
    expect(runtime.description).toMatch(/^(Podman|Docker) \d+\.\d+.* \(unix:/);
  });

  test("starts a unit, tells its end with its code and its whole log, and leaves nothing", async () => {
    const { place, order, log, end } = await newRun();
    const each = script("one", "echo hello; echo oops >&2; exit 3");
    await place.prepare(each, quiet);
    await place.setUp(stackOf(each), { signal: never });
    const instance = await place.start(order(each), { signal: never });
    expect(await instance.exited).toEqual({ exitCode: 3, signal: null, oomKilled: false });
    expect((await log("one")).split("\n").sort()).toEqual(["", "hello", "oops"]);
    expect(await instance.alive()).toBeUndefined();
    expect(await place.audit()).not.toEqual([]);
    expect(await end()).toEqual([]);
    expect(await place.audit()).toEqual([]);
  });
});
