import { expect, test } from "vitest";
import { verifyJournal } from "../../src/journal/verify.ts";
import { describeEngines } from "../engines/engines.ts";
import { onScene } from "./scene.ts";
import { busybox, page } from "./units.ts";

describeEngines("A one-shot of a stack that was left up", (engine) => {
  test(
    "is completed for whoever comes later, though nobody saw its end",
    onScene(engine, async (scene) => {
      const wait = "until [ -e /over ]; do sleep 0.05; done";
      const command = ["sh", "-c", wait];
      await scene.define({
        once: { image: busybox, pull: "never", command, ready: { running: true }, mayComplete: true },
        web: page(),
      });
      const up = JSON.parse(await scene.cli("up", "--runtime", engine.kind, "--json").said());
      await scene.cli("exec", "once", "--", "touch", "/over").said();
      const running = async () => (await scene.containers("once"))[0]?.State.Running;
      await expect.poll(running, { timeout: 30_000 }).toBe(false);
      const status = JSON.parse(await scene.cli("status", "--json").said());
      expect(status).toMatchObject({
        state: "ready",
        services: [{ state: "completed" }, { state: "ready" }],
      });
      const again = JSON.parse(await scene.cli("up", "--json").said());
      expect(again.run).toBe(up.run);
      expect((await scene.cli("down").ended).code).toBe(0);
      expect(verifyJournal(scene.journals)).toEqual([]);
    }),
    180_000,
  );
});
