import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type Docker from "dockerode";
import { expect } from "vitest";
import type { RuntimeKind } from "../../src/runtime/types.ts";
import { identify, isSame } from "../../src/util/process-table.ts";
import { randomId } from "../engines/random-id.ts";
import { busybox, engineOf } from "./engine.ts";

/** What is nobody's of ours, although it looks like it: it must outlive every fault untouched. */
export interface Witnesses {
  expectUntouched(): Promise<void>;
  remove(): Promise<void>;
}

export async function setUpWitnesses(kind: RuntimeKind): Promise<Witnesses> {
  const processes = foreignProcess();
  const engine = kind === "process" ? undefined : await foreignObjects(engineOf(kind));
  return {
    async expectUntouched() {
      processes.expectUntouched();
      await engine?.expectUntouched();
    },
    async remove() {
      processes.remove();
      await engine?.remove();
    },
  };
}

/** It carries the mark of a run that is not ours, and has a folder of a similar name. */
function foreignProcess() {
  const id = `r${randomId()}`;
  const folder = mkdtempSync(join(tmpdir(), "rollcall-r"));
  writeFileSync(join(folder, "precious"), "data");
  const child: ChildProcess = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], {
    cwd: folder,
    env: { PATH: process.env["PATH"], ROLLCALL_RUN: id, ROLLCALL_UNIT: "a" },
    stdio: "ignore",
  });
  const identity = identify(child.pid ?? 0);
  if (identity === undefined) throw new Error("the foreign process did not start");
  return {
    expectUntouched: () => expect(isSame(identity), "a foreign process was ended").toBe(true),
    remove() {
      child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A container, network and volume with names and labels like those of a run that somebody else has. */
async function foreignObjects(engine: Docker) {
  const id = `r${randomId()}`;
  const Labels = { "dev.rollcall.run": id, "dev.rollcall.unit": "a", "dev.rollcall.stack": "fault" };
  const volumeName = `rollcall-${id}-data`;
  const network = await engine.createNetwork({ Name: `rollcall-${id}`, Labels });
  await engine.createVolume({ Name: volumeName, Labels });
  const container = await engine.createContainer({
    name: `rollcall-fault-a-${id}`,
    Image: busybox,
    Cmd: ["sleep", "86400"],
    Labels,
    HostConfig: { NetworkMode: "none" },
  });
  await container.start();
  const { State: before } = await container.inspect();
  return {
    async expectUntouched() {
      const { State: now } = await container.inspect();
      expect({ running: now.Running, since: now.StartedAt }).toEqual({
        running: true,
        since: before.StartedAt,
      });
      await network.inspect();
      await engine.getVolume(volumeName).inspect();
    },
    async remove() {
      await container.remove({ force: true });
      await network.remove();
      await engine.getVolume(volumeName).remove();
    },
  };
}
