import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { canProvide } from "../../../src/runtime/container/can-provide.ts";
import type { ContainerRuntime } from "../../../src/runtime/container/runtime.ts";
import type { ImageSource } from "../../../src/stack/types.ts";
import { describeEngines, openEngine } from "../../engines/engines.ts";
import { randomId } from "../../engines/random-id.ts";
import { busybox, form, never, openRun, quiet, stackOf, unit } from "./rig.ts";

type BuildSource = Extract<ImageSource, { kind: "build" }>;

describeEngines("Images", (engine) => {
  let runtime: ContainerRuntime;
  let folder: string;
  let context: string;
  const made = new Set<string>();
  const mark = randomId();

  const source = (text: string, more: Partial<BuildSource> = {}): BuildSource => ({
    kind: "build",
    context,
    containerfile: { text },
    args: {},
    target: undefined,
    alias: undefined,
    ...more,
  });
  const provide = async (image: ImageSource | string, platform?: string) => {
    const said: string[] = [];
    const progress = (text: string) => void said.push(text);
    const provided = await runtime.images.provide("it", form(image, { platform }), { ...quiet, progress });
    if (typeof image !== "string" && image.kind === "build") made.add(provided.name);
    return { name: provided.name, said, built: said.some((text) => text.startsWith("building")) };
  };
  const remove = (name: string) =>
    runtime.engine.request("DELETE", `/images/${name}`, { query: { force: true }, accept: [404, 409] });
  /** Images and containers, of builds too, that tell of a step with this text; others use the engine as well. */
  const traces = async (text: string) => {
    const query = { all: true };
    const images = await runtime.engine.get<{ Id: string }[]>("/images/json", { query });
    const containers = await runtime.engine.get<object[]>("/containers/json", { query });
    const histories = await Promise.all(
      images.map(({ Id }) => runtime.engine.request("GET", `/images/${Id}/history`, { accept: [404, 500] })),
    );
    return [...histories, ...containers]
      .map((trace) => JSON.stringify(trace))
      .filter((trace) => trace.includes(text));
  };

  beforeAll(async () => {
    runtime = await openEngine(engine);
    folder = await mkdtemp(join(tmpdir(), "rollcall-context-test-"));
    vi.stubEnv("XDG_CACHE_HOME", join(folder, "cache"));
    context = join(folder, "context");
    await mkdir(context);
    await writeFile(join(context, "a.txt"), `a ${mark}\n`);
    await writeFile(join(context, "ignored.log"), "1\n");
    await writeFile(join(context, ".dockerignore"), "*.log\n!kept.log\n");
    await mkdir(join(context, ".rollcall/runs"), { recursive: true });
    await mkdir(join(context, "sub"));
    await writeFile(join(context, "sub/b.txt"), "b\n");
  });
  afterAll(async () => {
    for (const name of made) await remove(name);
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true, force: true });
    await runtime.close();
  });

  test("are found under short and full names without asking anybody", async () => {
    expect((await provide(busybox)).said).toEqual([]);
    expect((await provide("busybox:1")).said).toEqual([]);
  });

  test("of localhost/ are never looked for in a registry", async () => {
    await expect(provide(`localhost/${mark}:1`)).rejects.toMatchObject({
      code: "IMAGE_MISSING",
      service: "it",
      message: expect.stringContaining("no registry was asked"),
    });
  });

  test("that may not be pulled are missing at once", async () => {
    const image = { kind: "image", reference: `docker.io/library/${mark}:1`, pull: "never" } as const;
    await expect(provide(image)).rejects.toMatchObject({
      code: "IMAGE_MISSING",
      message: expect.stringContaining("never pulled"),
    });
  });

  test("that cannot be pulled are missing, with what the engine said", async () => {
    await expect(provide(`127.0.0.1:1/${mark}:1`)).rejects.toMatchObject({
      code: "IMAGE_MISSING",
      message: expect.stringMatching(/could not be pulled. The engine said: .*(refused|127\.0\.0\.1:1)/s),
    });
  });

  test("of another platform than the one asked for are refused", async () => {
    const image = { kind: "image", reference: busybox, pull: "never" } as const;
    await expect(provide(image, "linux/s390x")).rejects.toMatchObject({
      code: "IMAGE_MISSING",
      message: expect.stringContaining("linux/s390x was asked for"),
    });
    expect((await provide(image, "linux/amd64")).said).toEqual([]);
  });

  test("are built once, and again when, and only when, something changed", async () => {
    const text = `FROM ${busybox}\nARG WHAT=none\nCOPY . /ctx\nRUN ls -A /ctx > /list; echo $WHAT > /what\n`;
    const first = await provide(source(text));
    expect(first.built).toBe(true);
    expect(first.name).toMatch(/^localhost\/rollcall-build:[0-9a-f]{32}$/);
    expect(await provide(source(text))).toMatchObject({ built: false, name: first.name });

    await writeFile(join(context, "ignored.log"), "2\n");
    await writeFile(join(context, ".rollcall/runs/new"), "run\n");
    await utimes(join(context, "a.txt"), new Date(), new Date());
    expect(await provide(source(text))).toMatchObject({ built: false, name: first.name });

    const names = new Set([first.name]);
    const expectAnother = async (image: BuildSource) => {
      const { name, built } = await provide(image);
      expect([built, names.has(name)]).toEqual([true, false]);
      names.add(name);
    };
    await writeFile(join(context, "a.txt"), `A ${mark}\n`);
    await expectAnother(source(text));
    await writeFile(join(context, "kept.log"), "kept\n");
    await expectAnother(source(text));
    await expectAnother(source(text, { args: { WHAT: mark } }));
    await expectAnother(source(`${text}ENV MARK=${mark}\n`));

    const run = await openRun(runtime);
    try {
      const each = unit(
        "it",
        form(source(text, { args: { WHAT: mark } }), { command: [["cat"], ["/list"], ["/what"]] }),
      );
      await run.place.setUp(stackOf(each), { signal: never });
      const instance = await run.place.start(run.order(each), { signal: never });
      expect(await instance.exited).toMatchObject({ exitCode: 0 });
      expect((await run.log("it")).trim().split("\n").sort()).toEqual(
        [".dockerignore", "a.txt", "kept.log", mark, "sub"].sort(),
      );
    } finally {
      expect(await run.end()).toEqual([]);
    }
  });

  test("that several units share are built once", async () => {
    const image = source(`FROM ${busybox}\nRUN echo shared-${mark} > /one\n`);
    const results = await Promise.all([1, 2, 3].map(() => provide(image)));
    expect(results.map(({ built }) => built).sort()).toEqual([false, false, true]);
    expect(new Set(results.map(({ name }) => name)).size).toBe(1);
  });

  test("keep their plain tag as an alias, and leave one that is somebody else's", async () => {
    const text = `FROM ${busybox}\nLABEL mark=${mark}\n`;
    const alias = `localhost/${mark}-alias:1`;
    const foreign = `localhost/${mark}-foreign:1`;
    const repo = `localhost/${mark}-foreign`;
    await runtime.engine.request("POST", `/images/${busybox}/tag`, { query: { repo, tag: "1" } });
    made.add(alias).add(foreign);
    const { name } = await provide(source(text, { alias }));
    expect((await runtime.images.find(alias))?.Id).toBe((await runtime.images.find(name))?.Id);
    const other = await provide(source(`${text}LABEL other=1\n`, { alias }));
    expect((await runtime.images.find(alias))?.Id).toBe((await runtime.images.find(other.name))?.Id);
    const { said } = await provide(source(text, { alias: foreign }));
    expect(said.join("\n")).toContain("keeps its name");
    expect((await runtime.images.find(foreign))?.Id).toBe((await runtime.images.find(busybox))?.Id);
  });

  test("of another architecture, which this machine cannot run, say so", async () => {
    await writeFile(join(context, "program"), "no program", { mode: 0o755 });
    const image = source(`FROM scratch\nCOPY program /program\nCMD ["/program"]\n`);
    const each = unit("it", form(image, { platform: "linux/s390x" }));
    made.add((await runtime.images.provide("it", form(image, { platform: "linux/s390x" }), quiet)).name);
    const run = await openRun(runtime);
    try {
      await run.place.setUp(stackOf(each), { signal: never });
      await expect(run.place.start(run.order(each), { signal: never })).rejects.toMatchObject({
        code: "START_FAILED",
        message: expect.stringMatching(/s390x|exec format error/),
        hint: expect.stringContaining("architecture"),
      });
    } finally {
      expect(await run.end()).toEqual([]);
    }
  });

  test("whose build fails say how, and leave no layer and no container", async () => {
    const text = `FROM ${busybox}\nRUN echo failing-${mark} > /one\nRUN echo last words; exit 9\n`;
    await expect(provide(source(text))).rejects.toMatchObject({
      code: "IMAGE_BUILD_FAILED",
      service: "it",
      report: { logTail: expect.arrayContaining(["last words"]) },
    });
    expect(await traces(`failing-${mark}`)).toEqual([]);
  });

  test("whose build is called off leave no layer and no container", async () => {
    const text = `FROM ${busybox}\nRUN echo off-${mark} > /one\nRUN echo sleeping; sleep 600\n`;
    const controller = new AbortController();
    const progress = (line: string) => {
      if (line.endsWith("sleeping")) controller.abort(new Error("called off"));
    };
    const options = { signal: controller.signal, progress };
    await expect(runtime.images.provide("it", form(source(text)), options)).rejects.toThrow("called off");
    await expect.poll(() => traces(`off-${mark}`), { timeout: 30_000 }).toEqual([]);
  });

  test("are recognised without reading a thousand files that were not touched", async () => {
    const big = join(context, "big");
    await mkdir(big);
    const old = new Date(Date.now() - 60_000);
    await Promise.all(
      Array.from({ length: 1000 }, async (_, number) => {
        await writeFile(join(big, `${number}.txt`), `${number} ${mark}\n`);
        await utimes(join(big, `${number}.txt`), old, old);
      }),
    );
    const image = source(`FROM ${busybox}\nCOPY 1.txt /\n`, { context: big });
    expect((await provide(image)).built).toBe(true);
    await provide(image);
    let bestMs = Number.POSITIVE_INFINITY;
    for (let look = 0; look < 5; look++) {
      const beganMs = performance.now();
      expect((await provide(image)).built).toBe(false);
      bestMs = Math.min(bestMs, performance.now() - beganMs);
    }
    console.log(`untouched context of 1,000 files on ${engine.kind}: ${bestMs.toFixed(1)} ms`);
    expect(bestMs).toBeLessThan(2000);
  });

  test("are looked for quickly when a runtime is to be chosen", async () => {
    const stack = (image: ImageSource | string) => stackOf(unit("it", form(image)));
    expect(await canProvide(runtime, stack(busybox))).toEqual({ ok: true });
    expect(await canProvide(runtime, stack(source(`FROM ${busybox} AS base\nFROM base\n`)))).toEqual({
      ok: true,
    });
    expect(await canProvide(runtime, stack(`localhost/${mark}:1`))).toMatchObject({
      ok: false,
      why: expect.stringContaining("local-only"),
    });
    expect(await canProvide(runtime, stack(source(`FROM registry.invalid/${mark}:1\n`)))).toMatchObject({
      ok: false,
      why: expect.stringContaining("its registry cannot be reached"),
    });
  });
});
