import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeEngines } from "../engines/engines.ts";
import { type OwnEngine, startOwnEngine } from "./own-engines.ts";
import { onScene, rollcall } from "./scene.ts";
import { busybox, page, stuck } from "./units.ts";

describeEngines("An engine of one's own", (shared) => {
  let engine: OwnEngine;
  beforeAll(() => {
    engine = startOwnEngine(shared, "64m");
  }, 180_000);
  afterAll(() => engine?.remove(), 120_000);
  const onOwn = (body: Parameters<typeof onScene>[1]) => () => onScene(engine, body)();

  describe("whose disk gets full", () => {
    test(
      "during a build is named as the cause",
      onOwn(async (scene) => {
        const text = `FROM ${busybox}\nRUN dd if=/dev/zero of=/big bs=1M count=200\n`;
        await scene.write({ "big/Containerfile": text });
        const { image: _, pull: __, ...rest } = page();
        const stack = await scene.define({ big: { ...rest, build: "big" } });
        const error = await scene.up(stack).catch((reason) => reason);
        expect(error).toMatchObject({
          code: "IMAGE_BUILD_FAILED",
          service: "big",
          report: { hint: expect.stringContaining("disk is full") },
        });
      }),
      180_000,
    );
  });

  describe("that dies", () => {
    test(
      "during a start is named as the cause, and what was started goes when it is back",
      onOwn(async (scene) => {
        await scene.define({ first: page(), second: stuck({ after: ["first"] }) });
        const command = scene.cli("up", "--runtime", engine.kind, "--json", "--timeout", "120s");
        await scene.happened("start.done", "second");
        await scene.containers();
        engine.kill();
        const { code, stdout } = await command.ended;
        engine.start();
        expect(code).toBe(4);
        expect(JSON.parse(stdout).error).toMatchObject({ code: "ENGINE_FAILED" });
        expect(JSON.stringify(JSON.parse(stdout))).toContain(engine.address.slice("unix://".length));
        await scene.cli("down").said();
      }),
      240_000,
    );

    test(
      "while the stack is up is told to whoever uses it, and what was started goes when it is back",
      onOwn(async (scene) => {
        const stack = await scene.define({ first: page() });
        const run = await scene.up(stack);
        await scene.containers();
        engine.kill();
        const told = await run.failed.catch((reason) => reason);
        expect(told).toBeInstanceOf(rollcall.RollcallError);
        expect(["ENGINE_FAILED", "SERVICE_DIED"]).toContain(told.code);
        engine.start();
        await run.down();
        await scene.cli("down").said();
      }),
      240_000,
    );
  });
});
