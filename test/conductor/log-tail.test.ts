import { mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readLogFrom, readLogTail } from "../../src/conductor/log-tail.ts";
import { createMask } from "../../src/util/mask.ts";

let dir: string;
let file: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "rollcall-log-"));
  file = join(dir, "api.log");
});

afterEach(() => rm(dir, { recursive: true }));

const tail = (lines = 20, secrets: readonly string[] = []) =>
  readLogTail(file, { lines, mask: createMask(secrets) });

test("gives the last lines, without empty ones", async () => {
  await writeFile(file, "one\ntwo\n\nthree\r\n");
  expect(await tail(2)).toEqual(["two", "three"]);
  expect(await tail()).toEqual(["one", "two", "three"]);
});

test("gives nothing when there is no log, or a link in its place", async () => {
  expect(await tail()).toEqual([]);
  await writeFile(join(dir, "real"), "text\n");
  await symlink("real", file);
  expect(await tail()).toEqual([]);
});

test("reads only the end of a log of many gigabytes", async () => {
  await truncate(file, 0).catch(() => writeFile(file, ""));
  await truncate(file, 8 * 1024 ** 3);
  await writeFile(file, "\nthe last line\n", { flag: "a" });
  expect((await tail()).at(-1)).toBe("the last line");
});

test("shows neither secrets nor escapes, nor a secret that an escape takes apart", async () => {
  await writeFile(file, "\x1b[31merror\x1b[0m: s3cret\npass s3\x1b[0mcret\n\x1b]0;title\x07done\n");
  expect(await tail(20, ["s3cret"])).toEqual(["error: ***", "pass ***", "done"]);
});

test("cuts an endless line and keeps its end", async () => {
  await writeFile(file, `${"x".repeat(200_000)}end`);
  const [line] = await tail();
  expect(line).toMatch(/^…x+end$/);
  expect(line?.length).toBeLessThan(1100);
});

test("reads on from a byte", async () => {
  await writeFile(file, "one\ntwo\n");
  expect((await readLogFrom(file, 4)).toString()).toBe("two\n");
  expect((await readLogFrom(file, 8)).length).toBe(0);
  expect((await readLogFrom(file, 800)).length).toBe(0);
  expect((await readLogFrom(join(dir, "none"), 0)).length).toBe(0);
});
