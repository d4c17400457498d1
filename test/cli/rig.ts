import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const main = resolve(import.meta.dirname, "../../dist/cli/main.js");

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when stdout or stderr holds the text. */
  shows(text: string): Promise<void>;
}

const bare = Object.fromEntries(
  Object.entries(process.env).filter(([key]) => !/^(CI|GITHUB_.*|NO_COLOR|FORCE_COLOR|VITEST.*)$/.test(key)),
);

/** Starts the built command line in a folder, as a user would. */
export function start(
  args: readonly string[],
  { cwd, input, env = {} }: { cwd: string; input?: string; env?: NodeJS.ProcessEnv },
): Started {
  const child = spawn(process.execPath, [main, ...args], { cwd, env: { ...bare, ...env } });
  let stdout = "";
  let stderr = "";
  const listeners = new Set<() => void>();
  const told = () => {
    for (const listener of listeners) listener();
  };
  child.stdout.on("data", (data) => {
    stdout += data;
    told();
  });
  child.stderr.on("data", (data) => {
    stderr += data;
    told();
  });
  child.stdin.end(input ?? "");
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return {
    pid: child.pid ?? 0,
    ended,
    kill: (signal) => child.kill(signal),
    shows: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!`${stdout}${stderr}`.includes(text)) return;
          listeners.delete(look);
          resolve();
        };
        listeners.add(look);
        look();
        void ended.then(() => reject(new Error(`ended without showing "${text}":\n${stdout}${stderr}`)));
      }),
  };
}

export function rollcall(
  args: readonly string[],
  options: { cwd: string; input?: string; env?: NodeJS.ProcessEnv },
): Promise<Ended> {
  return start(args, options).ended;
}

/** A service of a few lines: says that it begins, and answers 200 on /health. */
export const serverSource = `
import { createServer } from "node:http";
console.log("begins on", process.env.PORT);
createServer((request, response) => response.end(request.url === "/health" ? "fine" : "hello")).listen(Number(process.env.PORT), "127.0.0.1");
`;

/** A folder with a stack of two small services on free ports. */
export function shop(extra = "", exports = ""): { dir: string; remove(): void } {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "rollcall-cli-")));
  writeFileSync(join(dir, "server.mjs"), serverSource);
  writeFileSync(
    join(dir, "rollcall.yaml"),
    `name: shop
services:
  store:
    process: { command: [node, server.mjs] }
    env: { PORT: "\${self.port}", STORE_PASSWORD: very-secret-word }
    ports: { http: { container: 8080, host: free, scheme: http } }
    ready: { http: /health }
  web:
    process: { command: [node, server.mjs] }
    env: { PORT: "\${self.port}", STORE: "\${store.url}" }
    ports: { http: { container: 8080, host: free, scheme: http } }
    ready: { http: /health }
${extra}
exports:
  WEB_URL: "\${web.url}"
  STORE_URL: "\${store.url}"
${exports}`,
  );
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}
