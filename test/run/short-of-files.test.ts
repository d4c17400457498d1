import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeRunDir, newRunId } from "../../src/run/state/folders.ts";
import { command, createRig, type Rig } from "../runtime/process/rig.ts";

let rig: Rig;
beforeEach(() => {
  rig = createRig();
});
afterEach(() => rig.end());

const program = new URL("../fixtures/processes/short-of-files.ts", import.meta.url).pathname;

test("a process that can open nothing more takes nothing for ended, gone or not there", async () => {
  const { record } = await rig.start("api", command("sleep", "300"));
  await makeRunDir(rig.run.dir, newRunId());
  const order = JSON.stringify({ run: rig.run, record, stackDir: rig.run.dir });
  const few = ["-c", 'ulimit -n 80; exec "$0" "$@"', process.execPath, "--import", "jiti/register"];
  const { stdout } = await promisify(execFile)("sh", [...few, program, order]);
  expect(JSON.parse(stdout)).toEqual({
    ownerAlive: true,
    ended: false,
    ...{ isSame: "EMFILE", alive: "EMFILE", adopt: "EMFILE", audit: "EMFILE" },
    ...{ findLiveRun: "EMFILE", readRecord: "EMFILE" },
  });
});
