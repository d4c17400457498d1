import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { identify, isGone } from "./process-table.ts";

/** Who is responsible for something; alive only if all of it fits. */
export interface Owner {
  readonly host: string;
  readonly bootId: string;
  readonly pid: number;
  readonly startTime: string;
}

let known: string | undefined;

/** Changes with every boot of this machine: pids and start times are only worth something together with it. */
export function bootId(): string {
  known ??= readBootId();
  return known;
}

export function ownerOfThisProcess(): Owner {
  return {
    host: hostname(),
    bootId: bootId(),
    pid: process.pid,
    startTime: identify(process.pid)?.startTime ?? "",
  };
}

/** A process of another host, or one that could not be looked at, counts as alive. */
export function ownerAlive(owner: Owner): boolean {
  if (owner.host !== hostname()) return true;
  return !isFromAnotherBoot(owner) && !isGone(owner);
}

function isFromAnotherBoot(owner: Owner): boolean {
  try {
    return owner.bootId !== bootId();
  } catch {
    return false;
  }
}

function readBootId(): string {
  if (process.platform === "linux") return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return spawnSync("sysctl", ["-n", "kern.bootsessionuuid"], { encoding: "utf8" }).stdout?.trim() ?? "";
}
