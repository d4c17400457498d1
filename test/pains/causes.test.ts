import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { guess } from "../../src/errors/guess.ts";
import type { Signs } from "../../src/errors/signs.ts";
import { BuildInputs } from "../../src/runtime/container/images/build-inputs.ts";
import { buildKey } from "../../src/runtime/container/images/build-key.ts";
import type { ImageSource } from "../../src/stack/types.ts";
import { describeEngines, openEngine } from "../engines/engines.ts";
import { form, never, openRun, quiet, script, stackOf, unit } from "../runtime/container/rig.ts";
import { useHome } from "./rig.ts";

const home = useHome();

const signs: Signs = {
  code: "EXITED_EARLY",
  message: "",
  observed: null,
  exitCode: null,
  signal: null,
  oomKilled: false,
  log: [],
  ports: [],
  needs: [],
};

async function keyOf(context: string): Promise<string> {
  const source: Extract<ImageSource, { kind: "build" }> = {
    kind: "build",
    context,
    containerfile: { text: "FROM scratch\nCOPY . .\n" },
    args: {},
    target: undefined,
    alias: "shared:latest",
  };
  return buildKey(source, await BuildInputs.read("a", source), undefined);
}

test("pain 12: an image is known by the content that it is built from, not by a tag that others may move", async () => {
  const [one, two] = ["one", "two"].map(() => mkdtempSync(join(home.dir, "context-")));
  writeFileSync(join(one ?? "", "app.js"), "ours");
  writeFileSync(join(two ?? "", "app.js"), "theirs");
  expect(await keyOf(one ?? "")).not.toBe(await keyOf(two ?? ""));
});

test("pain 26: it is built again when its context changes, and only then", async () => {
  const context = mkdtempSync(join(home.dir, "context-"));
  writeFileSync(join(context, "app.js"), "yesterday");
  const before = await keyOf(context);
  expect(await keyOf(context)).toBe(before);
  writeFileSync(join(context, "app.js"), "today");
  expect(await keyOf(context)).not.toBe(before);
});

test("pain 16: the quota of keyrings is told as what it is, and how to mend it", () => {
  const found = guess({
    ...signs,
    code: "START_FAILED",
    message: "crun: join keyctl `1234`: Disk quota exceeded",
  });
  expect(found).toMatchObject({ id: "keyring-quota", cure: expect.stringContaining("keyring = false") });
});

test("pain 17: out of memory, killed by somebody and a failing engine are told apart", () => {
  expect(guess({ ...signs, exitCode: 137, oomKilled: true })?.id).toBe("out-of-memory");
  expect(guess({ ...signs, exitCode: 137 })?.id).toBe("killed");
  expect(guess({ ...signs, exitCode: 125 })?.id).toBe("exit-125");
});

test("every pain has its number in docs/pains.md, and a test by its number or a note", () => {
  const text = readFileSync(join(import.meta.dirname, "../../docs/pains.md"), "utf8");
  const numbers = [...text.matchAll(/^\| (\d+) \|/gm)].map(([, number]) => Number(number));
  expect(numbers).toEqual(Array.from({ length: 27 }, (_, index) => index + 1));
});

describeEngines("names and images", (engine) => {
  test("pain 3: a peer's name resolves before its dependant starts", async () => {
    const runtime = await openEngine(engine);
    const rig = await openRun(runtime);
    const peer = script("peer", "sleep 600");
    const asker = script("asker", "nslookup peer || getent hosts peer || ping -c 1 peer");
    try {
      await rig.place.setUp(stackOf(peer, asker), { signal: never });
      for (const each of [peer, asker]) await rig.place.prepare(each, quiet);
      await rig.place.start(rig.order(peer), { signal: never });
      const instance = await rig.place.start(rig.order(asker), { signal: never });
      expect(await instance.exited).toMatchObject({ exitCode: 0 });
    } finally {
      expect(await rig.end()).toEqual([]);
      await runtime.close();
    }
  });

  test("pain 14: a local image that is missing fails at once and says how to have it", async () => {
    const runtime = await openEngine(engine);
    const rig = await openRun(runtime);
    const missing = unit("a", form("localhost/never-built:1"));
    try {
      await expect(rig.place.prepare(missing, quiet)).rejects.toMatchObject({
        code: "IMAGE_MISSING",
        message: expect.stringContaining("localhost/never-built:1"),
      });
    } finally {
      await rig.end();
      await runtime.close();
    }
  });
});
