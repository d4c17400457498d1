import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { endAtOnce } from "../../../src/runtime/process/end-processes.ts";
import { findMembers } from "../../../src/runtime/process/members.ts";
import type { InstanceRecord } from "../../../src/runtime/types.ts";
import { bootId } from "../../../src/util/owner.ts";
import { isSame, type ProcessEntry, readProcess } from "../../../src/util/process-table.ts";
import { createRig, type Rig } from "./rig.ts";

let rig: Rig;
const children: ChildProcess[] = [];
beforeEach(() => {
  rig = createRig();
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await rig.end();
});

/** A process that the run has nothing to do with. */
async function startStranger(options: Parameters<typeof spawn>[2] = {}): Promise<ProcessEntry> {
  const child = spawn("/bin/sleep", ["300"], { stdio: "ignore", detached: true, ...options });
  children.push(child);
  await once(child, "spawn");
  const entry = readProcess(child.pid ?? 0);
  if (entry === undefined) throw new Error("no stranger");
  return entry;
}

function recordOf({ pid, startTime }: ProcessEntry, detail: object = {}): InstanceRecord {
  return {
    unit: "api",
    incarnation: { id: String(pid), pid, startTime },
    detail: { kind: "command", bootId: bootId(), cwd: "/", ports: [], ...detail },
  };
}

test("a session whose number has a new leader is not taken for what is left of ours", async () => {
  const stranger = await startStranger();
  const found = findMembers({
    ...{ runId: rig.run.id, unit: "api", known: [], servers: [] },
    session: stranger.pid,
  });
  expect(found).toEqual([]);
});

test("a group whose number has a new leader is not killed for a member that has ended", async () => {
  const stranger = await startStranger();
  const ended = await startStranger();
  children.pop()?.kill("SIGKILL");
  await expect.poll(() => isSame(ended)).toBe(false);
  const looks: ProcessEntry[][] = [[{ ...ended, pgid: stranger.pid }], [], []];
  expect(await endAtOnce({ find: () => looks.shift() ?? [], groups: [] })).toEqual([]);
  expect(isSame(stranger)).toBe(true);
});

test.each([
  ["leads no session", { detached: false, env: {} }, {}],
  ["has no environment", { env: {} }, {}],
  ["has another one's environment", { env: { PATH: "/bin" } }, {}],
  ["is called a server", { env: {} }, { kind: "postgres", server: { folder: "/", program: "/bin/sleep" } }],
])("a process that %s is not taken up, whatever the record says", async (_what, options, detail) => {
  const record = recordOf(await startStranger({ cwd: "/", ...options }), detail);
  expect(await rig.place.adopt(record)).toBeUndefined();
});

test("a service that has lost its environment is known by its log", async () => {
  const log = openSync(join(rig.run.dir, "api.log"), "a");
  const service = await startStranger({ env: {}, stdio: ["ignore", log, log] });
  const instance = await rig.place.adopt(recordOf(service));
  expect(await instance?.alive()).toMatchObject({ pid: service.pid });
  instance?.close();
});
