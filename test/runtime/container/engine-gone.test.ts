import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findContainerRuntime } from "../../../src/runtime/container/find.ts";
import { describeEngines, openEngine, type Reachable } from "../../engines/engines.ts";
import { never, openRun, script, stackOf } from "./rig.ts";

describeEngines("An engine that goes away", (engine) => {
  test("in mid-run is named as the cause, nothing hangs, and the run can be removed when it is back", async () => {
    const line = await openLine(engine);
    const direct = await openEngine(engine);
    const here = { name: "line", binding: false, find: async () => ({ address: line.address }) };
    const runtime = await findContainerRuntime("auto", { env: {}, strategies: [here] });
    const { place, order, run } = await openRun(runtime);
    try {
      const each = script("lonely", "exec sleep 600");
      await place.setUp(stackOf(each), { signal: never });
      const instance = await place.start(order(each), { signal: never });
      line.cut();
      const gone = { code: "ENGINE_FAILED", message: expect.stringContaining(line.address) };
      await expect(instance.alive()).rejects.toMatchObject(gone);
      await expect(instance.exec(["true"], { signal: never })).rejects.toMatchObject(gone);
      await expect(instance.stop({ signal: "SIGTERM", graceMs: 1000 })).rejects.toMatchObject(gone);
      await expect(place.remove({ signal: never })).rejects.toMatchObject(gone);
      expect(await instance.exited).toMatchObject({
        exitCode: null,
        lost: expect.stringContaining(line.address),
      });
    } finally {
      line.cut();
      await place.close();
      expect(await direct.open(run).remove({ signal: never })).toEqual([]);
      await rm(run.dir, { recursive: true, force: true });
      await line.remove();
    }
  });
});

/** A line to the engine that can be cut, which looks as if the engine had ended. */
async function openLine({ address }: Reachable) {
  const folder = await mkdtemp(join(tmpdir(), "rollcall-line-test-"));
  const path = join(folder, "line.sock");
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(address.replace("unix://", ""));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
    near.pipe(far);
    far.pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    address: `unix://${path}`,
    cut() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
