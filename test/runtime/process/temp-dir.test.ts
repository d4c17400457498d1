import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  makeSocketDir,
  makeTempDir,
  makeUnitDir,
  noteServer,
  readServers,
  removeTempDir,
} from "../../../src/runtime/process/temp-dir.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rollcall-test-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("a folder that another run made, or nobody of us, is not removed", async () => {
  const tempDir = join(folder, "data");
  makeTempDir({ id: "one", tempDir });
  await removeTempDir({ id: "two", tempDir });
  expect(readdirSync(tempDir)).toEqual([".rollcall-run"]);
  await removeTempDir({ id: "one", tempDir });
  expect(existsSync(tempDir)).toBe(false);

  writeFileSync(join(folder, "mine.txt"), "");
  await removeTempDir({ id: "one", tempDir: folder });
  expect(existsSync(join(folder, "mine.txt"))).toBe(true);
});

test("servers are known without any record", () => {
  const run = { id: "one", tempDir: join(folder, "data") };
  const unitDir = makeUnitDir(run, "postgres");
  noteServer(unitDir, "/usr/bin/postgres");
  expect(readServers(run)).toEqual([{ folder: unitDir, program: "/usr/bin/postgres" }]);
  expect(readServers({ ...run, id: "two" })).toEqual([]);
});

test("a socket's folder lies elsewhere when the path would be too long, and is removed all the same", async () => {
  const run = { id: "one", tempDir: join(folder, "d".repeat(80)) };
  const socketDir = makeSocketDir(makeUnitDir(run, "postgres"));
  expect(socketDir.length).toBeLessThan(60);
  await removeTempDir(run);
  expect(existsSync(socketDir)).toBe(false);
  expect(existsSync(run.tempDir)).toBe(false);
});

test("data is closed to others, but can be passed through", () => {
  mkdirSync(join(folder, "data"));
  chmodSync(join(folder, "data"), 0o777);
  const run = { id: "one", tempDir: join(folder, "data") };
  makeTempDir(run);
  expect(statSync(run.tempDir).mode & 0o777).toBe(0o711);
});
