import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Reachable } from "../engines/engines.ts";
import { busybox } from "./units.ts";

const scripts = fileURLToPath(new URL("../../scripts/engines/", import.meta.url));

/** An engine of this test's own, which may be ended, on a small disk, which may be filled. Needs root. */
export interface OwnEngine extends Reachable {
  /** As a crash would. */
  kill(): void;
  start(): void;
  remove(): void;
}

export function startOwnEngine({ kind, address }: Reachable, diskSize: string): OwnEngine {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-own-engine-"));
  const place = join(folder, kind);
  const env = { ...process.env, ROLLCALL_TEST_ENGINES: folder, ROLLCALL_TEST_ONLY: kind };
  const disk = join(place, kind === "podman" ? "root" : "data");
  mkdirSync(disk, { recursive: true });
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${diskSize}`, "tmpfs", disk]);
  const start = () => void execFileSync(join(scripts, "start.sh"), { env });
  const remove = () => {
    execFileSync(join(scripts, "stop.sh"), { env, stdio: "ignore" });
    rmSync(folder, { recursive: true, force: true });
  };
  const own = `unix://${join(place, `${kind}.sock`)}`;
  try {
    start();
    copyImage(address, own, folder);
  } catch (error) {
    remove();
    throw error;
  }
  const pidFile = join(place, kind === "podman" ? "pid" : "started-pid");
  const kill = () => void process.kill(Number(readFileSync(pidFile, "utf8")), "SIGKILL");
  return { kind, address: own, kill, start, remove };
}

function copyImage(from: string, to: string, folder: string): void {
  const archive = join(folder, "image.tar");
  const url = `http://engine/images`;
  const curl = (address: string, ...args: readonly string[]) =>
    execFileSync("curl", ["-fsS", "--unix-socket", address.slice("unix://".length), ...args]);
  curl(from, "-o", archive, `${url}/get?names=${encodeURIComponent(busybox)}`);
  curl(to, "-X", "POST", "-H", "Content-Type: application/x-tar", "-T", archive, `${url}/load`);
  rmSync(archive);
}
