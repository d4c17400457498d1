import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";

export interface Exited {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The bundled service as a child process, as a stack starts it. */
export interface ServiceProcess {
  readonly url: string;
  readonly child: ChildProcess;
  readonly exited: Promise<Exited>;
  output(): string;
  /** Resolves once a line of its output matches; rejects with all of it when the process ends before that. */
  said(pattern: RegExp): Promise<void>;
}

const main = join(import.meta.dirname, "../dist/main.js");

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

export async function spawnService(
  env: Readonly<Record<string, string>> = {},
  nodeArgs: readonly string[] = [],
): Promise<ServiceProcess> {
  const port = env["EMBEDDING_SERVICE_PORT"] ?? String(await freePort());
  const child = spawn(process.execPath, [...nodeArgs, main], {
    env: { EMBEDDING_SERVICE_HOST: "127.0.0.1", EMBEDDING_SERVICE_PORT: port, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      child.emit("output");
    });
  }
  const exited = once(child, "close").then(([code, signal]): Exited => ({ code, signal }));
  return {
    url: `http://127.0.0.1:${port}`,
    child,
    exited,
    output: () => output,
    said: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (pattern.test(output)) resolve();
        };
        child.on("output", look);
        void exited.then(() => reject(new Error(`it ended before saying ${pattern}:\n${output}`)));
        look();
      }),
  };
}

export async function startService(
  env: Readonly<Record<string, string>> = {},
  nodeArgs: readonly string[] = [],
): Promise<ServiceProcess> {
  const service = await spawnService(env, nodeArgs);
  await service.said(/"message":"listening"/);
  return service;
}

/** Ends it whatever state it is in. */
export async function endService(service: ServiceProcess | undefined): Promise<void> {
  if (service === undefined) return;
  service.child.kill("SIGKILL");
  await service.exited;
}

export function post(url: string, body: unknown): Promise<Response> {
  return fetch(`${url}/api/v1/embed`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}
