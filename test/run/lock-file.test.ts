import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lockKey } from "../../src/run/lock/lock.ts";
import { acquireLockFile } from "../../src/run/lock/lock-file.ts";
import { makeIndexDir } from "../../src/run/state/folders.ts";
import { ownerOfThisProcess } from "../../src/util/owner.ts";
import { useFolder } from "./fixtures/folder.ts";

const folder = useFolder();
const place = () => ({ stackDir: folder.dir, name: "demo" });
const lockOf = (onWait = () => {}) =>
  acquireLockFile({ ...place(), doing: "counting", signal: AbortSignal.timeout(30_000), onWait });

async function leave(text: string): Promise<void> {
  await writeFile(join(await makeIndexDir(), `${lockKey(place())}.lock`), text);
}

const dead = () =>
  JSON.stringify({ pid: process.pid, doing: "dying", owner: { ...ownerOfThisProcess(), startTime: "1" } });

test.each([
  ["nobody's", undefined],
  ["a dead holder's", dead()],
  ["what a death while writing has left", ""],
])("of many who wait for %s lock one after the other has it", async (_whose, left) => {
  if (left !== undefined) await leave(left);
  let holders = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 10 }, async () => {
      const lock = await lockOf();
      holders += 1;
      most = Math.max(most, holders);
      await new Promise((resolve) => setImmediate(resolve));
      holders -= 1;
      await lock.release();
    }),
  );
  expect(most).toBe(1);
});

test("who waits is told for whom, once", async () => {
  const lock = await lockOf();
  let told = 0;
  const second = lockOf(() => {
    told += 1;
    void lock.release();
  });
  await (await second).release();
  expect(told).toBe(1);
});
