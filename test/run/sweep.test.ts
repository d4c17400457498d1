import { spawn } from "node:child_process";
import { once } from "node:events";
import { truncate } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterEach, expect, onTestFinished, test } from "vitest";
import type { RunEvent } from "../../src/journal/events.ts";
import { down } from "../../src/run/end/down.ts";
import { sweep, type Unswept } from "../../src/run/end/sweep.ts";
import { up } from "../../src/run/start/up.ts";
import { recordFileOf } from "../../src/run/state/folders.ts";
import { readRecord, writeRecord } from "../../src/run/state/record.ts";
import type { RunRecord, UpOptions } from "../../src/run/types.ts";
import { ownerOfThisProcess } from "../../src/util/owner.ts";
import { useFolder } from "./fixtures/folder.ts";
import { silentEngine } from "./fixtures/silent-engine.ts";
import { server, stackOf } from "./fixtures/stack.ts";

const folder = useFolder();
const onProcesses: UpOptions = { runtime: "process" };
const dead = { ...ownerOfThisProcess(), startTime: "1" };

let mend = async () => {};
afterEach(() => mend());

/** As if the owner and the guard of a run had died together; it is taken down when the test has ended. */
async function abandoned(changes: Partial<RunRecord> = {}): Promise<{ readonly dir: string }> {
  const stack = stackOf(folder.dir, [server("a")]);
  const run = await up(stack, { ...onProcesses, stay: true });
  await run.down();
  const record = (await readRecord(run.dir)) as RunRecord;
  mend = async () => {
    await writeRecord(run.dir, record);
    await down(stack);
  };
  await writeRecord(run.dir, { ...record, stay: false, owner: dead, users: [], ...changes });
  return run;
}

test("an abandoned run on an engine that does not answer keeps nobody waiting for long, and is told", async () => {
  const { address } = await silentEngine(folder.dir);
  const { dir } = await abandoned({ runtime: "docker", engine: address });
  const events: RunEvent[] = [];
  const beganMs = performance.now();
  const other = await up(stackOf(folder.dir, [server("a")]), {
    ...onProcesses,
    name: "other",
    onEvent: (event) => events.push(event),
  });
  expect(performance.now() - beganMs).toBeLessThan(15_000);
  await other.down();
  const notes = events.flatMap((event) => (event.type === "note" ? [event.text] : []));
  expect(notes).toContainEqual(expect.stringContaining(`${dir} could not be swept`));
});

test("a sweep that waits for an engine ends when it is called off", async () => {
  const { address, asked } = await silentEngine(folder.dir);
  await abandoned({ runtime: "docker", engine: address });
  const controller = new AbortController();
  const sweeping = sweep({ signal: controller.signal });
  await asked;
  controller.abort(new Error("enough"));
  await expect(sweeping).rejects.toThrow("enough");
});

test("a record that cannot be read is told, and left alone", async () => {
  const { dir } = await abandoned();
  await truncate(recordFileOf(dir), 100);
  const failed: Unswept[] = [];
  expect(await sweep({ onFailure: (failure) => failed.push(failure) })).toEqual([]);
  expect(failed).toMatchObject([{ dir, error: { code: "STATE_INVALID" } }]);
});

test("a holder of the lock that has been stopped keeps no sweep waiting", async () => {
  await abandoned();
  const program = fileURLToPath(new URL("./fixtures/hold-lock.ts", import.meta.url));
  const holder = spawn(
    process.execPath,
    ["--import", import.meta.resolve("jiti/register"), program, folder.dir],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  onTestFinished(() => void holder.kill("SIGKILL"));
  await once(holder.stdout, "data");
  holder.kill("SIGSTOP");
  expect(await sweep()).toEqual([]);
  holder.kill("SIGKILL");
  await once(holder, "exit");
});
