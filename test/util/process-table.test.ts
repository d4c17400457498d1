import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ownerAlive, ownerOfThisProcess } from "../../src/util/owner.ts";
import {
  identify,
  isSame,
  listProcesses,
  readCommand,
  readEnviron,
  readProcess,
} from "../../src/util/process-table.ts";

test("this process is alive, and nobody else with its pid", () => {
  const own = identify(process.pid);
  expect(own).toMatchObject({ pid: process.pid });
  expect(own && isSame(own)).toBe(true);
  expect(isSame({ pid: process.pid, startTime: "0" })).toBe(false);
  expect(listProcesses().some(({ pid }) => pid === process.pid)).toBe(true);
});

test.each([0, -1, 1.5, Number.NaN, 2 ** 31])("%s is no process", (pid) => {
  expect(identify(pid)).toBeUndefined();
});

test("an ended process is dead even before it has been waited for", async () => {
  const child = spawn("sh", ["-c", "read line"], { stdio: ["pipe", "ignore", "ignore"] });
  const pid = child.pid ?? 0;
  const identity = identify(pid);
  expect(identity).toBeDefined();
  child.stdin.end("\n");
  await once(child, "exit");
  expect(identity && isSame(identity)).toBe(false);
});

test("a name with spaces and brackets does not shift the fields", async () => {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-test-"));
  const program = join(folder, "a ) b (");
  copyFileSync("/bin/sleep", program);
  const child = spawn(program, ["300"], { stdio: "ignore", detached: true, env: { SOME: "a=b" } });
  try {
    await once(child, "spawn");
    const pid = child.pid ?? 0;
    expect(readProcess(pid)).toMatchObject({ name: "a ) b (", ppid: process.pid, session: pid, pgid: pid });
    expect(readEnviron(pid)).toEqual({ SOME: "a=b" });
    expect(readCommand(pid)).toBe(`${program} 300`);
  } finally {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  }
});

test("an owner is alive while host, boot, pid and start time fit", () => {
  const owner = ownerOfThisProcess();
  expect(ownerAlive(owner)).toBe(true);
  expect(ownerAlive({ ...owner, startTime: "0" })).toBe(false);
  expect(ownerAlive({ ...owner, bootId: "another" })).toBe(false);
  // From here nobody can know.
  expect(ownerAlive({ ...owner, host: "another", pid: 1, startTime: "0" })).toBe(true);
});
