import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { resolveSource } from "../../src/adapters/stack-source.ts";
import { defineStack, postgres, redis } from "../../src/index.ts";

let dir = "";
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "rollcall-source-")));
  mkdirSync(join(dir, "packages"));
});
afterEach(() => rmSync(dir, { recursive: true }));
const write = (text: string, file = "rollcall.config.mjs") => writeFileSync(join(dir, file), text);

const full = () => defineStack({ name: "shop", services: { db: postgres(), cache: redis() } });
const file = `import { defineStack, postgres, redis } from "rollcall";
export default defineStack({ name: "shop", services: { db: postgres(), cache: redis() } });`;

test("a definition that the nearest file holds is taken as the file says: the command line means the same run", async () => {
  write(file);
  const stack = await resolveSource(full(), join(dir, "packages"));
  expect(stack).toMatchObject({ dir, file: join(dir, "rollcall.config.mjs") });
});

test("a variant with the same name is not replaced by the file's", async () => {
  write(file);
  const variant = defineStack({ name: "shop", services: { db: postgres() } });
  const stack = await resolveSource(variant, join(dir, "packages"));
  expect(stack.units.map(({ name }) => name)).toEqual(["db"]);
  expect(stack.dir).toBe(join(dir, "packages"));
});

test("a file that cannot be run is told instead of being passed over", async () => {
  write('throw new Error("no such key: colour")');
  await expect(resolveSource(full(), dir)).rejects.toMatchObject({
    code: "DEFINITION_INVALID",
    message: expect.stringContaining("no such key: colour"),
  });
});

test("a file that holds no definition of a program is no matter to one", async () => {
  write("services: { db: { build: 5 } }", "compose.yaml");
  expect((await resolveSource(full(), dir)).dir).toBe(dir);
});

test("without any file a definition starts in the current folder", async () => {
  expect((await resolveSource(full(), dir)).dir).toBe(dir);
});
