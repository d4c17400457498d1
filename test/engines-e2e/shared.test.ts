import { expect, test } from "vitest";
import { verifyJournal } from "../../src/journal/verify.ts";
import { describeEngines } from "../engines/engines.ts";
import { onScene } from "./scene.ts";
import { page } from "./units.ts";

describeEngines("A run that others attach to", (engine) => {
  test(
    "goes on for its holder when they kill and restart a service, in turn",
    onScene(engine, async (scene) => {
      const stack = await scene.define({ web: page() });
      const wait = "until [ -e over ]; do sleep 0.05; done";
      const holder = scene.cli("run", "--runtime", engine.kind, "--", "sh", "-c", wait);
      await scene.happened("run.ready");
      const [first, second] = [await scene.up(stack), await scene.up(stack)];
      await first.service("web").kill();
      await first.service("web").restart();
      await second.service("web").restart();
      await first.service("web").restart();
      for (const run of [first, second]) {
        expect(await run.status()).toMatchObject({ state: "ready" });
        expect(await run.service("web").exec(["echo", "here"])).toMatchObject({ output: "here\n" });
        await run.down();
      }
      await scene.write({ over: "" });
      const { code, stderr } = await holder.ended;
      expect(stderr).not.toContain("SERVICE_DIED");
      expect(code).toBe(0);
      expect(verifyJournal(scene.journals)).toEqual([]);
    }),
    180_000,
  );
});
