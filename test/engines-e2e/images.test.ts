import { utimesSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RunEvent } from "../../src/journal/events.ts";
import type { Stack } from "../../src/stack/types.ts";
import { describeEngines, openEngine } from "../engines/engines.ts";
import { form, quiet } from "../runtime/container/rig.ts";
import { onScene, type Scene } from "./scene.ts";
import { busybox, page } from "./units.ts";

const fileCount = 1000;

describeEngines("A service that is built", (engine) => {
  test(
    "is built again when it has been edited, and not when it is as it was",
    onScene(engine, async (scene) => {
      const stack = await builtStack(scene);
      const first = await upAndDown(scene, stack);
      expect(first).toMatchObject({ built: true, text: `one ${scene.dir}` });
      const again = await upAndDown(scene, stack);
      expect(again).toMatchObject({ built: false, text: `one ${scene.dir}` });
      console.log(`${engine.kind}: ${again.foundOutMs} ms for finding ${fileCount} files as they were`);
      expect(again.foundOutMs).toBeLessThan(20_000);
      await scene.write({ "site/index.html": `two ${scene.dir}` });
      expect(await upAndDown(scene, stack)).toMatchObject({ built: true, text: `two ${scene.dir}` });
    }),
    240_000,
  );

  test(
    "is attached to only as long as what it was built from is as it was",
    onScene(engine, async (scene) => {
      const stack = await builtStack(scene);
      const run = await scene.up(stack, { timeoutMs: 150_000, stay: true });
      for (const { Image } of await scene.containers()) builtImages.add(Image);
      await scene.write({ "site/index.html": `two ${scene.dir}` });
      const text = expect.stringContaining("site was built from files that have changed");
      // Told, and shared all the same, as long as somebody uses it.
      await (await scene.up(stack)).down();
      expect(scene.journals).toContainEqual(expect.objectContaining({ type: "note", text }));
      await run.down();
      await expect(scene.up(stack)).rejects.toMatchObject({ code: "RUN_EXISTS", message: text });
      await scene.write({ "site/index.html": `one ${scene.dir}` });
      await (await scene.up(stack)).down();
      expect((await scene.cli("down").ended).code).toBe(0);
    }),
    240_000,
  );

  test(
    "keeps the newest images of it, and no more",
    onScene(engine, async (scene) => {
      const runtime = await openEngine(engine);
      const provide = async (edition: number) => {
        await scene.write({ "site/index.html": `edition ${edition} ${scene.dir}` });
        const text = `FROM ${busybox}\nCOPY index.html /\n`;
        const image = {
          kind: "build",
          context: join(scene.dir, "site"),
          containerfile: { text },
          args: {},
          target: undefined,
          alias: undefined,
        } as const;
        return (await runtime.images.provide("site", form(image), quiet)).name;
      };
      const names: string[] = [];
      for (let edition = 1; edition <= 5; edition++) names.push(await provide(edition));
      for (const name of names) builtImages.add(name);
      scene.onEnd(() => removeBuilt(scene));
      const there = await Promise.all(
        names.map(async (name) => (await runtime.images.find(name)) !== undefined),
      );
      expect([there.at(0), there.at(-1)]).toEqual([false, true]);
      await runtime.close();
    }),
    120_000,
  );

  test(
    "comes from a compose file, with its health check",
    onScene(engine, async (scene) => {
      await scene.write({
        "site/Containerfile": `FROM ${busybox}\nCOPY index.html /www/\nCMD ["httpd", "-f", "-p", "8080", "-h", "/www"]\n`,
        "site/index.html": `composed ${scene.dir}`,
        "compose.yaml": `
name: e2e
services:
  site:
    build: { context: site, dockerfile: Containerfile }
    ports: ["8080"]
    stop_signal: SIGKILL
    healthcheck:
      test: ["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/"]
      interval: 1s
      timeout: 10s
      retries: 30
  reader:
    image: ${busybox}
    command: ["sh", "-c", "wget -q -O - http://site:8080/ && echo && exec sleep 600"]
    stop_signal: SIGKILL
    depends_on: { site: { condition: service_healthy } }
`,
      });
      const up = JSON.parse(
        await scene.cli("up", "--runtime", engine.kind, "--timeout", "150s", "--json").said(),
      );
      scene.onEnd(() => removeBuilt(scene));
      await scene.containers();
      const [site] = up.services;
      expect(site).toMatchObject({ name: "site", state: "ready" });
      const [port] = Object.values<{ url: string; port: number }>(site.ports);
      expect(await (await fetch(`http://127.0.0.1:${port?.port}/`)).text()).toBe(`composed ${scene.dir}`);
      await expect
        .poll(() => scene.cli("logs", "reader").said(), { timeout: 30_000, interval: 500 })
        .toContain("composed");
      expect((await scene.cli("down").ended).code).toBe(0);
    }),
    180_000,
  );
});

async function builtStack(scene: Scene): Promise<Stack> {
  const old = new Date(Date.now() - 60_000);
  const names = Array.from({ length: fileCount }, (_, number) => `site/files/${number % 10}/${number}.txt`);
  await scene.write({
    "site/Containerfile": `FROM ${busybox}\nCOPY index.html /www/\nCMD ["httpd", "-f", "-p", "8080", "-h", "/www"]\n`,
    "site/index.html": `one ${scene.dir}`,
    ...Object.fromEntries(names.map((name) => [name, name])),
  });
  for (const name of names) utimesSync(join(scene.dir, name), old, old);
  scene.onEnd(() => removeBuilt(scene));
  const { image: _, pull: __, command: ___, ...rest } = page();
  return scene.define({ site: { ...rest, build: "site" } });
}

async function upAndDown(scene: Scene, stack: Stack) {
  const events: RunEvent[] = [];
  const onEvent = (event: RunEvent) => void events.push(event);
  const run = await scene.up(stack, { timeoutMs: 150_000, onEvent });
  try {
    const text = await (await fetch(run.service("site").url())).text();
    for (const { Image } of await scene.containers()) builtImages.add(Image);
    const built = events.some(
      (event) => event.type === "prepare.progress" && event.text.startsWith("building"),
    );
    const done = events.find((event) => event.type === "prepare.done");
    return { built, text, foundOutMs: done?.type === "prepare.done" ? Math.round(done.tookMs) : Number.NaN };
  } finally {
    await run.down();
  }
}

const builtImages = new Set<string>();

/** Built images stay on purpose; those of a test nobody wants again. */
async function removeBuilt({ engine }: Scene): Promise<void> {
  for (const image of builtImages)
    await engine
      .getImage(image)
      .remove({ force: true })
      .catch(() => {});
  builtImages.clear();
}
