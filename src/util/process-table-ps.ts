import { spawnSync } from "node:child_process";
import type { ProcessEntry } from "./process-table.ts";

/** The process table where there is no /proc (macOS): what `ps` prints. */
export function listWithPs(pid?: number): readonly ProcessEntry[] {
  const which = pid === undefined ? ["-ax"] : ["-p", String(pid)];
  const columns = "pid=,ppid=,pgid=,sess=,state=,lstart=,command=";
  return ps([...which, "-ww", "-o", columns]).flatMap((line) => {
    const match =
      /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S)\S*\s+(\S+\s+\S+\s+\S+\s+\S+\s+\d{4})\s+(.*)$/.exec(line);
    if (match === null) return [];
    const [, own, ppid, pgid, session, state = "", startTime = "", name = ""] = match;
    return [
      {
        pid: Number(own),
        ppid: Number(ppid),
        pgid: Number(pgid),
        // macOS prints a kernel address or 0 here: the group stands in for the session.
        session: /^[1-9]\d*$/.test(session ?? "") ? Number(session) : Number(pgid),
        state,
        startTime: startTime.replace(/\s+/g, " "),
        name,
      },
    ];
  });
}

/** Only marks are looked for, and they hold no spaces: words with `=` are enough. */
export function readEnvironWithPs(pid: number): Readonly<Record<string, string>> | undefined {
  const line = ps(["-E", "-ww", "-p", String(pid), "-o", "command="])[0];
  if (line === undefined) return undefined;
  const pairs = [...line.matchAll(/(?:^|\s)([A-Z_][A-Z0-9_]*)=(\S*)/g)].map(
    ([, name = "", value = ""]) => [name, value] as const,
  );
  return Object.fromEntries(pairs);
}

function ps(args: readonly string[]): readonly string[] {
  const result = spawnSync("ps", args, {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C", TZ: "UTC" },
    maxBuffer: 64 * 1024 * 1024,
  });
  if (result.error !== undefined) throw result.error;
  return result.stdout.split("\n").filter((line) => line.trim() !== "");
}
