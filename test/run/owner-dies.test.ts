import { existsSync, readdirSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readJournal } from "../../src/journal/journal.ts";
import { listRuns } from "../../src/run/state/find.ts";
import { journalFileOf, tempDirOf } from "../../src/run/state/folders.ts";
import { bundlePrograms } from "./fixtures/bundle.ts";
import { useFolder } from "./fixtures/folder.ts";
import { processesOf, startProgram } from "./fixtures/program.ts";
import { server, stackOf } from "./fixtures/stack.ts";

const folder = useFolder();
let programs: Awaited<ReturnType<typeof bundlePrograms>>;
beforeAll(async () => {
  programs = await bundlePrograms();
});
afterAll(() => programs.remove());

const user = () => programs.program("user");
const patient = { timeout: 30_000, interval: 50 };

/** Nothing of any run of the folder is left. */
async function expectNothingLeft(): Promise<void> {
  await expect
    .poll(async () => {
      const ids = existsSync(join(folder.dir, ".rollcall/runs"))
        ? readdirSync(join(folder.dir, ".rollcall/runs"))
        : [];
      return ids.flatMap((id) => [...processesOf(id), ...(existsSync(tempDirOf(id)) ? [tempDirOf(id)] : [])]);
    }, patient)
    .toEqual([]);
}

test("a killed owner's run is gone soon, also when its services ignore SIGTERM", async () => {
  const stack = stackOf(folder.dir, [server("a", { env: { IGNORE_TERM: "1" } }), server("b")]);
  const program = startProgram(user(), { stack, ending: "stay" });
  const { ready = "" } = await program.said("ready");
  expect(processesOf(ready).length).toBeGreaterThanOrEqual(3);
  program.child.kill("SIGKILL");
  await expectNothingLeft();
  const [record] = await listRuns(stack);
  expect(record).toMatchObject({ run: ready, state: "stopped" });
  const events = await readJournal(journalFileOf(join(folder.dir, ".rollcall/runs", ready)));
  expect(events).toContainEqual(
    expect.objectContaining({ type: "run.stopping", because: "its owner has died" }),
  );
  expect(events).toContainEqual(expect.objectContaining({ type: "audit", leftovers: [] }));
  expect(events.at(-1)).toMatchObject({ type: "run.stopped" });
});

test.each([
  ["deleted", (file: string) => rmSync(join(file, "../.."), { recursive: true })],
  ["damaged", (file: string) => truncateSync(file, 100)],
])("a killed owner's run is removed although its record was %s", async (_what, harm) => {
  const stack = stackOf(folder.dir, [server("a")]);
  const program = startProgram(user(), { stack, ending: "stay" });
  const { ready = "" } = await program.said("ready");
  harm(join(folder.dir, ".rollcall/runs", ready, "run.json"));
  program.child.kill("SIGKILL");
  await expect.poll(() => processesOf(ready), patient).toEqual([]);
});

test("a program that ends without taking its stack down is not kept from it, and leaves nothing", async () => {
  const stack = stackOf(folder.dir, [server("a")]);
  const program = startProgram(user(), { stack, ending: "exit" });
  expect(await program.ended).toEqual({ code: 0, signal: null });
  await expectNothingLeft();
});

test("a program ends by itself after down", async () => {
  const stack = stackOf(folder.dir, [server("a")]);
  const program = startProgram(user(), { stack, ending: "down" });
  await program.said("ready");
  program.child.stdin?.write("\n");
  expect(await program.ended).toEqual({ code: 0, signal: null });
  await expectNothingLeft();
});

test("an owner that is killed at any moment leaves nothing", async () => {
  const stack = stackOf(folder.dir, [server("a"), server("b"), server("c")]);
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const program = startProgram(user(), { stack, ending: "stay" });
    // From before the first line of rollcall's own to some time after the start.
    const moment = Math.random() * 900;
    await new Promise((resolve) => setTimeout(resolve, moment));
    program.child.kill("SIGKILL");
    await program.ended;
  }
  await expectNothingLeft();
  // What was about to appear when it was first looked has had time to do so.
  const last = startProgram(user(), { stack, ending: "down" });
  await last.said("ready");
  last.child.stdin?.write("\n");
  await last.ended;
  await expectNothingLeft();
  for (const record of await listRuns(stack)) expect(["starting", "stopped"]).toContain(record.state);
});

test("when the owner dies, the run goes on for those who use it, and ends with the last of them", async () => {
  const stack = stackOf(folder.dir, [server("a")]);
  const owner = startProgram(user(), { stack, ending: "stay" });
  const { ready = "" } = await owner.said("ready");
  const other = startProgram(user(), { stack, ending: "stay" });
  expect(await other.said("ready")).toMatchObject({ ready, attached: true });
  owner.child.kill("SIGKILL");
  await owner.ended;
  const third = startProgram(user(), { stack, ending: "down" });
  expect(await third.said("ready")).toMatchObject({ ready, attached: true });
  third.child.stdin?.write("\n");
  await third.ended;
  expect(processesOf(ready).length).toBeGreaterThanOrEqual(2);
  other.child.kill("SIGKILL");
  await other.ended;
  await expectNothingLeft();
});

test("eight programs at once: one starts the stack, all use it, the last one takes it down", async () => {
  const stack = stackOf(folder.dir, [server("a"), server("b")]);
  const all = Array.from({ length: 8 }, () => startProgram(user(), { stack, ending: "down" }));
  const ready = await Promise.all(all.map((program) => program.said("ready")));
  expect(new Set(ready.map((line) => line.ready)).size).toBe(1);
  expect(new Set(ready.map((line) => line.text)).size).toBe(1);
  expect(ready.filter((line) => line.attached === false)).toHaveLength(1);
  for (const program of all) program.child.stdin?.write("\n");
  for (const program of all) expect(await program.ended).toEqual({ code: 0, signal: null });
  await expectNothingLeft();
  expect(await listRuns(stack)).toMatchObject([{ state: "stopped" }]);
});
