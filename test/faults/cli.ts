import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ErrorReport } from "../../src/errors/report.ts";
import type { RunEvent } from "../../src/journal/events.ts";
import { bundleDir, type Stage } from "./stage.ts";
import { closeStdinWith } from "./until-orphaned.ts";

export interface Cli {
  readonly pid: number;
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
  /** It has ended; what it started may still hold its streams. */
  readonly exited: Promise<unknown>;
  kill(signal: NodeJS.Signals): void;
  /** Closes the reading ends of its streams. */
  deafen(): void;
  /** What a command with --json has told of its failure. */
  error(): Promise<ErrorReport>;
}

interface CliOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Put before node: `prlimit --nofile=64`. */
  readonly under?: readonly string[];
  readonly nodeOptions?: readonly string[];
}

/** Rollcall's command line in the stage's folder, with the stage's runtime. */
export function cli(stage: Stage, args: readonly string[], options: CliOptions = {}): Cli {
  const { under = [], nodeOptions = [], env = {} } = options;
  const whole = [...under, process.execPath, ...nodeOptions, join(bundleDir(), "cli.js"), ...args];
  const child = spawn(whole[0] ?? "", whole.slice(1), {
    cwd: stage.dir,
    env: { ...process.env, CI: "", ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  closeStdinWith(child);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data) => {
    stdout += data;
  });
  child.stderr.on("data", (data) => {
    stderr += data;
  });
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, stdout, stderr }));
  stage.onEnd(() => child.kill("SIGKILL"));
  return {
    pid: child.pid ?? 0,
    ended,
    exited: once(child, "exit"),
    kill: (signal) => child.kill(signal),
    deafen() {
      child.stdout.destroy();
      child.stderr.destroy();
    },
    async error() {
      const { stdout: text, stderr: errors } = await ended;
      const told = text.trim() === "" ? undefined : JSON.parse(text);
      if (told?.error === undefined) throw new Error(`no error was told: ${text}\n${errors}`);
      return told.error;
    },
  };
}

/** The journal of a run that another process has: waits until it holds such an event. */
export async function journalShows(
  stage: Stage,
  type: RunEvent["type"],
  service?: string,
): Promise<RunEvent> {
  const until = performance.now() + 60_000;
  while (performance.now() < until) {
    const found = journalsOf(stage).find(
      (event) =>
        event.type === type && (service === undefined || ("service" in event && event.service === service)),
    );
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`no journal shows ${type} ${service ?? ""}`);
}

export function journalsOf({ dir }: Stage): readonly RunEvent[] {
  const runs = join(dir, ".rollcall/runs");
  if (!existsSync(runs)) return [];
  return readdirSync(runs).flatMap((id) => {
    const file = join(runs, id, "journal.ndjson");
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    // The last line may be half written.
    return text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as RunEvent);
  });
}
