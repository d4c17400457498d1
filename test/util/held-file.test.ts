import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { holdFile } from "../../src/util/held-file.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rollcall-test-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const dead = new Set<string>();
const hold = (name: string, onLook = () => {}) =>
  holdFile({
    path: join(folder, "port.lock"),
    holder: { name },
    mode: 0o600,
    lives: (other) => {
      onLook();
      return !dead.has(other.name);
    },
  });

test("a file has one living holder, and nothing stays once it is let go", () => {
  const release = hold("one");
  expect(hold("two")).toBeUndefined();
  release?.();
  const again = hold("two");
  release?.();
  expect(hold("three")).toBeUndefined();
  again?.();
  expect(readdirSync(folder)).toEqual([]);
});

test("who has seen a dead holder takes nothing from the one who was faster", () => {
  dead.add("gone");
  hold("gone");
  let faster: (() => void) | undefined;
  const slow = hold("slow", () => {
    faster ??= hold("faster", () => {});
  });
  expect(faster).toBeDefined();
  expect(slow).toBeUndefined();
});

test("who died while it took over is taken over itself", () => {
  dead.add("gone").add("heir");
  hold("gone");
  const path = join(folder, "port.lock");
  const claim = createHash("sha256").update(readFileSync(path)).digest("hex").slice(0, 16);
  writeFileSync(`${path}.${claim}`, JSON.stringify({ name: "heir" }));
  expect(hold("next")).toBeDefined();
  expect(readdirSync(folder)).toEqual(["port.lock"]);
});

test("what names nobody is nobody's", () => {
  writeFileSync(join(folder, "port.lock"), "");
  expect(hold("one")).toBeDefined();
});
