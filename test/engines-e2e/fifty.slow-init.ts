import { expect, test } from "vitest";
import { describeEngines } from "../engines/engines.ts";
import { onScene } from "./scene.ts";
import { slowInitStarts } from "./slow-init.ts";

const count = Number(process.env["SLOW_INIT_STARTS"] ?? 50);
const atOnce = 8;

describeEngines("PostgreSQL with a slow init phase", (engine) => {
  test(
    "is never ready early in fifty starts",
    onScene(engine, async (scene) => {
      const beganMs = performance.now();
      const right = await slowInitStarts(scene, count, atOnce);
      const seconds = ((performance.now() - beganMs) / 1000).toFixed(0);
      console.log(`${engine.kind}: ${right} of ${count} (${seconds} s)`);
      expect(right).toBe(count);
    }),
    1_800_000,
  );
});
