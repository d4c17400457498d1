import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Stage } from "./stage.ts";

/** A disk of 64 KiB in the stage's folder, gone with it. Needs root. */
export function mountSmall(stage: Stage, size = "64k"): string {
  const folder = join(stage.dir, `small-${size}`);
  mkdirSync(folder);
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder]);
  stage.onEnd(() => execFileSync("umount", ["-l", folder]));
  return folder;
}
