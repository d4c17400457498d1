import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { scarceSpace } from "../../src/run/start/disk-space.ts";

test("a disk with room is not spoken of", async () => {
  expect(await scarceSpace(["/a"], async () => 2 ** 40)).toEqual([]);
});

test("each folder on a full disk is named with what is left", async () => {
  const bytes = new Map([
    ["/full", 3 * 1024 ** 2],
    ["/roomy", 2 ** 40],
  ]);
  expect(await scarceSpace(["/full", "/roomy"], async (folder) => bytes.get(folder) ?? 0)).toEqual([
    "only 3 MiB are free for /full; services may fail for want of space",
  ]);
});

test("a folder that is not there is not taken for a full disk", async () => {
  expect(await scarceSpace(["/no/such/folder"])).toEqual([]);
});

const root = process.getuid?.() === 0;
test.skipIf(!root)(`a small real disk is seen${root ? "" : " (only root may mount one)"}`, async () => {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-disk-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", folder]);
  onTestFinished(() => {
    execFileSync("umount", [folder]);
    rmSync(folder, { recursive: true });
  });
  expect(await scarceSpace([folder])).toEqual([expect.stringContaining(`only 4 MiB are free for ${folder}`)]);
});
