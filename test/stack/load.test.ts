import { chmodSync, chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RollcallError } from "../../src/errors/rollcall-error.ts";
import { loadStack } from "../../src/load/load.ts";
import { checkTrusted } from "../../src/load/trust.ts";
import { errorOf } from "./stack-of.ts";

let dir = "";
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "rollcall-load-")));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const file = join(dir, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode: 0o644 });
  return file;
}

const load = (path?: string, cwd = dir) => loadStack(path, { cwd });
async function failure(path?: string, cwd = dir): Promise<RollcallError> {
  const error = await load(path, cwd).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof RollcallError) return error;
  throw new Error(`expected a RollcallError, got ${String(error)}`);
}

const yaml = (name: string) => `name: ${name}\nservices:\n  db: { recipe: redis }\n`;
const typescript = (name: string) =>
  `import { defineStack, redis } from "rollcall";\n` +
  `const name: string = "${name}";\nexport default defineStack({ name, services: { db: redis() } });\n`;
const compose = "services:\n  a:\n    image: redis:7\n";
const javascript = (name: string) => typescript(name).replace(": string", "");

describe("formats", () => {
  test.each([
    ["rollcall.config.ts", typescript("x")],
    ["rollcall.config.mts", typescript("x")],
    ["rollcall.config.mjs", javascript("x")],
    ["rollcall.config.js", javascript("x")],
    ["rollcall.config.json", '{"name":"x","services":{"db":{"recipe":"redis"}}}'],
    ["rollcall.yaml", yaml("x")],
    ["rollcall.yml", yaml("x")],
    ["rollcall.json", '{"$schema":"s","name":"x","services":{"db":{"recipe":"redis"}}}'],
    ["own-name.yaml", yaml("x")],
  ])("%s is read", async (name, text) => {
    const file = write(name, text);
    const stack = await load(file);
    expect({ ...stack, units: stack.units.map((unit) => unit.name) }).toEqual({
      name: "x",
      dir,
      file,
      order: "sequential",
      timeoutMs: 120_000,
      units: ["db"],
      exports: {},
      notes: [],
    });
  });

  test("a plain object, and a promise of one, is a definition too", async () => {
    const file = write(
      "a.mjs",
      'export default Promise.resolve({ name: "x", services: { db: { recipe: "redis" } } });',
    );
    expect((await load(file)).name).toBe("x");
  });

  test("relative paths start at the file's folder, or at dir", async () => {
    write("conf/a.env", "A=1\n");
    const text = `${yaml("x").replace("redis", "redis, envFile: a.env")}dir: conf\n`;
    const stack = await load(write("rollcall.yaml", text), "/");
    expect(stack.dir).toBe(join(dir, "conf"));
    expect(stack.units[0]?.env).toEqual({ A: ["1"] });
  });

  test("YAML anchors and x- keys are for the file alone", async () => {
    const text =
      "name: x\nx-env: &env { A: a }\nservices:\n  db: { recipe: redis, env: { <<: *env, B: b } }\n";
    expect((await load(write("rollcall.yaml", text))).units[0]?.env).toEqual({ A: ["a"], B: ["b"] });
  });

  test("a changed file is read anew", async () => {
    const file = write("rollcall.config.ts", typescript("one"));
    expect((await load(file)).name).toBe("one");
    write("rollcall.config.ts", typescript("two"));
    expect((await load(file)).name).toBe("two");
  });
});

describe("finding", () => {
  test("without a path the nearest file upwards is taken", async () => {
    write("rollcall.yaml", yaml("above"));
    mkdirSync(join(dir, "a/b"), { recursive: true });
    expect((await load(undefined, join(dir, "a/b"))).name).toBe("above");
    write("a/rollcall.yaml", yaml("near"));
    expect((await load(undefined, join(dir, "a/b"))).name).toBe("near");
  });

  test("in a folder rollcall.config.ts comes first", async () => {
    write("rollcall.config.ts", typescript("ts"));
    write("rollcall.yaml", yaml("yaml"));
    expect((await load(dir, "/")).name).toBe("ts");
  });

  test("what is not there is named, and what would have done", async () => {
    expect(await failure("nope.yaml")).toMatchObject({ code: "FILE_NOT_FOUND" });
    const error = await failure(".");
    expect(error.code).toBe("FILE_NOT_FOUND");
    expect(error.hint).toContain("rollcall.config.ts");
  });

  test("another kind of file is refused", async () => {
    expect(await failure(write("notes.txt", "x"))).toMatchObject({ code: "USAGE" });
  });
});

describe("several files", () => {
  test("only compose files are read as one", async () => {
    const files = [write("a.yaml", yaml("a")), write("b.yaml", yaml("b"))];
    await expect(loadStack(files, { cwd: dir })).rejects.toMatchObject({ code: "USAGE" });
    const service = (name: string, image: string) => `services:\n  ${name}:\n    image: ${image}\n`;
    const composes = [
      write("compose.yaml", service("a", "redis:7")),
      write("more.yaml", service("b", "redis:7")),
    ];
    const stack = await loadStack(composes, { cwd: dir });
    expect(stack.units.map(({ name }) => name)).toEqual(["a", "b"]);
  });
});

describe("trust", () => {
  test("a file that others may write is executed when named, not when only met", async () => {
    const file = write("rollcall.config.mjs", javascript("x"));
    chmodSync(file, 0o666);
    const error = await failure();
    expect(error.code).toBe("FILE_UNTRUSTED");
    expect(error.message).toContain("everybody may write to it");
    expect((await load(file)).name).toBe("x");
  });

  test.each([
    ["rollcall.yaml", yaml("x"), "rollcall.yaml"],
    ["rollcall.json", '{"name":"x","services":{"db":{"recipe":"redis"}}}', "rollcall.json"],
    ["compose.yaml", compose, "compose.yaml"],
    ["compose.yaml", compose, "compose.override.yaml"],
    ["compose.yaml", compose, ".env"],
  ])("commands are executed from %s too, and from what is read with it", async (name, text, foreign) => {
    const file = write(name, text);
    if (foreign !== name) write(foreign, foreign === ".env" ? "A=1\n" : compose);
    const below = join(dir, "below");
    mkdirSync(below);
    expect((await load(undefined, below)).file).toBe(file);
    chmodSync(join(dir, foreign), 0o666);
    expect(await failure(undefined, below)).toMatchObject({
      code: "FILE_UNTRUSTED",
      message: expect.stringContaining(foreign),
      hint: expect.stringContaining(`--file ${file}`),
    });
    expect((await load(file, below)).file).toBe(file);
    expect((await load(dir, below)).file).toBe(file);
  });

  test("what a .env names that was met is looked at as well, what the environment names is not", async () => {
    const file = write("other.yaml", compose);
    write(".env", "COMPOSE_FILE=other.yaml\n");
    chmodSync(file, 0o666);
    expect(await failure()).toMatchObject({ code: "FILE_UNTRUSTED" });
    expect((await load(".")).file).toBe(file);
    rmSync(join(dir, ".env"));
    expect((await loadStack(undefined, { cwd: dir, env: { COMPOSE_FILE: file } })).file).toBe(file);
  });

  test("a file of another user is refused, one of root is not", () => {
    const file = write("rollcall.config.mjs", "");
    const isRoot = process.getuid?.() === 0;
    if (isRoot) chownSync(file, 4241, 4241);
    expect(errorOf(() => checkTrusted(file, { trust: { uid: 4242, gid: 4242 } })).message).toContain(
      "another user",
    );
    if (!isRoot) return;
    chownSync(file, 0, 0);
    checkTrusted(file, { trust: { uid: 4242, gid: 4242 } });
  });

  test("the group of the user's own may write, another may not", () => {
    const file = write("rollcall.config.mjs", "");
    chmodSync(file, 0o664);
    const uid = process.getuid?.() ?? 0;
    const gid = process.getgid?.() ?? 0;
    checkTrusted(file, { trust: { uid, gid } });
    if (uid === 0) chownSync(file, 0, 4241);
    if (uid === 0)
      expect(errorOf(() => checkTrusted(file, { trust: { uid, gid } })).message).toContain("another group");
  });
});

describe("syntax errors and mistakes", () => {
  test("of YAML and JSON have their line", async () => {
    const yamlError = await failure(write("rollcall.yaml", "name: x\nservices:\n  a: [1\n"));
    expect(yamlError.code).toBe("DEFINITION_INVALID");
    expect(yamlError.message).toContain("rollcall.yaml:4");
    const jsonError = await failure(write("rollcall.json", '{\n "name": "x",\n "services": {,}\n}'));
    expect(jsonError.message).toContain("rollcall.json:3");
    const doubled = await failure(write("rollcall.yml", "name: x\nname: y\n"));
    expect(doubled.message).toContain("rollcall.yml:2");
  });

  test("unknown tags and expanding aliases are refused", async () => {
    expect(await failure(write("rollcall.yaml", "name: !include x\n"))).toMatchObject({
      code: "DEFINITION_INVALID",
    });
    const levels = Array.from({ length: 9 }, (_, n) => `x-${n + 1}: &a${n + 1} [${`*a${n}, `.repeat(9)}]`);
    const bomb = ["x-0: &a0 [1, 1]", ...levels, "name: *a9"].join("\n");
    expect(await failure(write("rollcall.yaml", bomb))).toMatchObject({ code: "DEFINITION_INVALID" });
  });

  test("of TypeScript have their line", async () => {
    const error = await failure(
      write("rollcall.config.ts", "const a = 1;\nconst b = ;\nexport default a;\n"),
    );
    expect(error.code).toBe("DEFINITION_INVALID");
    expect(error.message).toContain("rollcall.config.ts:2");
  });

  test("what a file throws is told, and so is a missing default export", async () => {
    const thrown = await failure(write("rollcall.config.ts", '\nthrow new Error("no such luck");\n'));
    expect(thrown).toMatchObject({ code: "DEFINITION_INVALID" });
    expect(thrown.message).toContain("rollcall.config.ts:2");
    expect(thrown.message).toContain("Error: no such luck");
    const none = await failure(write("rollcall.config.mts", "export const a = 1;"));
    expect(none.message).toContain("no default export");
  });

  test("in YAML have the line of the place", async () => {
    const error = await failure(
      write("rollcall.yaml", "name: x\nservices:\n  db:\n    recipe: redis\n    prot: 1\n"),
    );
    expect(error.message).toContain("rollcall.yaml:5  services.db.prot");
  });
});
