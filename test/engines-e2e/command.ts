import { spawn } from "node:child_process";
import { once } from "node:events";

export interface Command {
  readonly pid: number;
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
  kill(signal: NodeJS.Signals): void;
  /** What it says on stdout, once it has ended with 0. */
  said(): Promise<string>;
}

/** A program of Node.js in a process of its own. */
export function startCommand(
  program: string,
  args: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Command {
  const bare = { ...process.env, CI: "", VITEST: "", ...env };
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: bare,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data) => {
    stdout += data;
  });
  child.stderr.on("data", (data) => {
    stderr += data;
  });
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return {
    pid: child.pid ?? 0,
    ended,
    kill: (signal) => child.kill(signal),
    async said() {
      const { code, ...said } = await ended;
      if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}:\n${said.stdout}${said.stderr}`);
      return said.stdout;
    },
  };
}
