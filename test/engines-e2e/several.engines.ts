import { expect, test } from "vitest";
import { describeEngines } from "../engines/engines.ts";
import { onScene } from "./scene.ts";
import { page, stuck } from "./units.ts";

describeEngines("Several commands", (engine) => {
  test(
    "have runs of one stack at the same time, each with ports and data of its own",
    onScene(engine, async (scene) => {
      await scene.define(
        {
          first: page({ files: [{ volume: "data", target: "/data" }] }),
          second: page({ env: { FIRST: "${first.url}" } }),
        },
        { exports: { FIRST: "${first.url}" } },
      );
      const options = ["--runtime", engine.kind, "--ports", "free", "--timeout", "150s", "--json"];
      const names = ["one", "two", "three"];
      const ups = await Promise.all(
        names.map(async (name) => JSON.parse(await scene.cli("up", "--name", name, ...options).said())),
      );
      expect(new Set(ups.map(({ env }) => env.FIRST)).size).toBe(3);
      await scene.containers();
      for (const { env } of ups) expect((await fetch(env.FIRST)).status).toBe(200);
      expect(
        (await scene.cli("exec", "--name", "one", "first", "--", "touch", "/data/of-one").ended).code,
      ).toBe(0);
      const listing = ["exec", "--name", "two", "first", "--", "ls", "/data"];
      expect(await scene.cli(...listing).said()).toBe("");
      const downs = names.map((name) => scene.cli("down", "--name", name).ended);
      expect((await Promise.all(downs)).map(({ code }) => code)).toEqual([0, 0, 0]);
    }),
    180_000,
  );

  test(
    "leave nothing when one is killed during its start, three times",
    onScene(engine, async (scene) => {
      await scene.define({ first: page(), second: stuck({ after: ["first"] }) });
      for (let round = 1; round <= 3; round++) {
        const command = scene.cli("up", "--runtime", engine.kind, "--timeout", "150s");
        const starts = (count: number) =>
          scene.journals.filter((event) => event.type === "start.requested" && event.service === "second")
            .length >= count;
        await expect.poll(() => starts(round), { timeout: 90_000 }).toBe(true);
        await scene.containers();
        command.kill("SIGKILL");
        await command.ended;
        await expect.poll(() => scene.left(), { timeout: 30_000, interval: 100 }).toEqual([]);
      }
    }),
    240_000,
  );

  test(
    "leave nothing when one is interrupted during its start",
    onScene(engine, async (scene) => {
      await scene.define({ first: page(), second: stuck({ after: ["first"] }) });
      const command = scene.cli("up", "--runtime", engine.kind, "--timeout", "150s");
      await scene.happened("start.done", "second");
      await scene.containers();
      command.kill("SIGINT");
      expect((await command.ended).code).toBe(130);
    }),
    120_000,
  );

  test(
    "take a run down on the engine that it is on, wherever their environment points",
    onScene(engine, async (scene) => {
      await scene.define({ first: page() });
      await scene.cli("up", "--runtime", engine.kind).said();
      const [container] = await scene.containers();
      const nowhere = "unix:///nowhere/engine.sock";
      const elsewhere = { CONTAINER_HOST: nowhere, DOCKER_HOST: nowhere };
      expect((await scene.cliWith(elsewhere, "status").ended).code).toBe(0);
      const { code, stderr } = await scene.cliWith(elsewhere, "down").ended;
      expect(code, stderr).toBe(0);
      await expect(scene.engine.getContainer(container?.Id ?? "").inspect()).rejects.toThrow(/no such/i);
    }),
    120_000,
  );
});
