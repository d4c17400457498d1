import { readFileSync } from "node:fs";

/**
 * Whether this process's group is the one in front of its controlling terminal: then a Ctrl-C there reaches all of the
 * group, wherever the standard streams of its processes lead.
 */
export function isInForeground(): boolean {
  if (process.platform !== "linux") return process.stdin.isTTY === true;
  const stat = readFileSync("/proc/self/stat", "utf8");
  // The name may hold spaces and brackets: fields count from the last `)`. proc_pid_stat(5)
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return group === foreground;
}
