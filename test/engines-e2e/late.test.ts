import { rmSync } from "node:fs";
import { expect, test } from "vitest";
import { describeEngines, type Reachable } from "../engines/engines.ts";
import { openSlowLine, type SlowLine } from "../engines/slow-line.ts";
import { onScene, type Scene } from "./scene.ts";
import { page } from "./units.ts";

/** Longer than what is cut off has to come to its end, and than a removal that finds nothing. */
const slowMs = 8000;
const limitMs = 180_000;
const patient = { timeout: 60_000, interval: 50 };

type Slow = Parameters<typeof openSlowLine>[1];

/** A scene whose engine makes nothing of a kind until it is let. */
function onSlowScene(engine: Reachable, slowTo: Slow, body: (scene: Scene, line: SlowLine) => Promise<void>) {
  return async () => {
    const line = await openSlowLine(engine, slowTo);
    try {
      await onScene(line.engine, (scene) => body(scene, line))();
    } finally {
      line.close();
    }
  };
}

async function sweep(scene: Scene, env: NodeJS.ProcessEnv = {}): Promise<readonly string[]> {
  const { removed } = JSON.parse(await scene.cliWith(env, "sweep", "--json").said());
  return removed.map(({ run }: { readonly run: string }) => run);
}

describeEngines("What the engine makes late", (engine) => {
  test.each<Slow>(["containers", "networks"])(
    "is waited for and removed when the start has been called off: %s",
    (slowTo) =>
      onSlowScene(engine, slowTo, async (scene, line) => {
        await scene.define({ web: page() });
        const up = scene.cli("up", "--runtime", engine.kind);
        await line.asked;
        up.kill("SIGINT");
        const made = new Promise((resolve) => setTimeout(() => resolve(line.make()), slowMs));
        expect((await up.ended).code).toBe(130);
        await made;
        expect(await scene.left()).toEqual([]);
      })(),
    limitMs,
  );

  test(
    "for a run that is gone is found by its marks, and swept",
    onSlowScene(engine, "networks", async (scene, line) => {
      await scene.define({ web: page() });
      const up = scene.cli("up", "--runtime", engine.kind);
      await line.asked;
      up.kill("SIGKILL");
      // The guard looks for a while for what is late, and ends.
      await scene.happened("run.stopped");
      await expect.poll(() => scene.left(), patient).toEqual([]);
      await line.make();
      expect(await scene.left()).toHaveLength(1);
      expect(await sweep(scene)).toEqual(scene.runs);
      expect(await scene.left()).toEqual([]);
    }),
    limitMs,
  );
});

describeEngines("A sweep", (engine) => {
  test(
    "leaves alone what somebody else's index names, and what it cannot know to have ended",
    onScene(engine, async (scene) => {
      await scene.define({ web: page() });
      const { run } = JSON.parse(await scene.cli("up", "--runtime", engine.kind, "--json").said());
      const container = scene.engine.getContainer((await scene.containers())[0]?.Id ?? "");
      const elsewhere = { XDG_STATE_HOME: `${scene.home}/elsewhere` };
      expect(await sweep(scene, elsewhere)).not.toContain(run);
      rmSync(`${scene.dir}/.rollcall`, { recursive: true });
      expect(await sweep(scene, elsewhere)).not.toContain(run);
      expect((await container.inspect()).State.Running).toBe(true);
      expect(await sweep(scene)).toEqual([run]);
      await expect(container.inspect()).rejects.toMatchObject({ statusCode: 404 });
    }),
    limitMs,
  );
});
