import { existsSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tempDirOf } from "../../src/run/state/folders.ts";
import type { Stack } from "../../src/stack/types.ts";
import { listProcesses, readCommand } from "../../src/util/process-table.ts";
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

const patient = { timeout: 30_000, interval: 50 };
const use = (stack: Stack) => startProgram(programs.program("user"), { stack, ending: "stay" });

function guardsOf(run: string): readonly number[] {
  return listProcesses().flatMap(({ pid }) => {
    const command = readCommand(pid) ?? "";
    return command.includes("guard-main") && command.includes(run) ? [pid] : [];
  });
}

async function killGuard(run: string): Promise<void> {
  const [killed = 0, ...others] = guardsOf(run);
  expect(others).toEqual([]);
  process.kill(killed, "SIGKILL");
  await expect.poll(() => guardsOf(run).filter((pid) => pid !== killed), patient).toHaveLength(1);
}

async function expectGone(run: string): Promise<void> {
  await expect.poll(() => processesOf(run), patient).toEqual([]);
  expect(existsSync(tempDirOf(run))).toBe(false);
}

test("a guard that has been killed is replaced, again and again, and the new one does its work", async () => {
  const owner = use(stackOf(folder.dir, [server("a")]));
  const { ready = "" } = await owner.said("ready");
  await killGuard(ready);
  await killGuard(ready);
  owner.child.kill("SIGKILL");
  await expectGone(ready);
});

test("users that miss a guard at the same time share the new one, and the last of them ends the run", async () => {
  const stack = stackOf(folder.dir, [server("a")]);
  const owner = use(stack);
  const { ready = "" } = await owner.said("ready");
  const others = [use(stack), use(stack)];
  for (const other of others) await other.said("ready");
  await killGuard(ready);
  for (const user of [owner, ...others]) {
    expect(processesOf(ready).length).toBeGreaterThanOrEqual(2);
    user.child.kill("SIGKILL");
    await user.ended;
  }
  await expectGone(ready);
});

test("a guard that does not answer keeps nobody from using the run", async () => {
  const stack = stackOf(folder.dir, [server("a")]);
  const owner = use(stack);
  const { ready = "" } = await owner.said("ready");
  const [guard = 0] = guardsOf(ready);
  process.kill(guard, "SIGSTOP");
  const other = use(stack);
  expect(await other.said("ready")).toMatchObject({ ready, attached: true });
  process.kill(guard, "SIGCONT");
  for (const user of [owner, other]) user.child.kill("SIGKILL");
  await expectGone(ready);
});
