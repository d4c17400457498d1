import { expect, test } from "vitest";
import { describeEngines } from "../engines/engines.ts";
import { onScene } from "./scene.ts";
import { slowInitStarts } from "./slow-init.ts";

describeEngines("PostgreSQL with a slow init phase", (engine) => {
  test(
    "is never ready early, and its dependant not started before (`npm run slow-init` does it fifty times)",
    onScene(engine, async (scene) => {
      expect(await slowInitStarts(scene, 2, 2)).toBe(2);
    }),
    240_000,
  );
});
