import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { listProcesses } from "../../../util/process-table.ts";

/** A host name that only the steps of one build know, by which their processes are told from all others. */
export function createStepMark(): string {
  return `rollcall-build-${randomBytes(12).toString("hex")}`;
}

/** Podman lets a step run on when whoever asked for the build has gone; its processes end here. */
export function endSteps(mark: string): void {
  if (process.platform !== "linux") return;
  for (const { pid } of listProcesses()) {
    try {
      if (readFileSync(`/proc/${pid}/root/etc/hosts`, "utf8").includes(mark)) process.kill(pid, "SIGKILL");
    } catch {
      // Another user's, or gone.
    }
  }
}
