import { readFileSync } from "node:fs";
import type { ExecResult } from "../../probe/types.ts";
import { createDemultiplexer } from "./demultiplex.ts";
import { type Engine, noLimitMs } from "./engine.ts";
import { EngineRefusal } from "./engine-refusal.ts";
import { endExecCompanions } from "./local-processes.ts";

export interface ExecRequest {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>> | undefined;
  readonly signal: AbortSignal;
}

interface ExecDetails {
  readonly Running: boolean;
  readonly ExitCode: number | null;
  readonly Pid: number;
}

const outputLimitBytes = 64 * 1024;

/** Runs a command in a container and waits for its end; aborting ends the command where it can be reached. */
export async function execInside(
  engine: Engine,
  container: string,
  { argv, env, signal }: ExecRequest,
): Promise<ExecResult> {
  const id = await createExec(engine, container, { argv, env, tty: false, stdin: false, signal });
  try {
    const stream = await engine.stream("POST", `/exec/${id}/start`, {
      body: { Detach: false, Tty: false },
      signal,
      // Podman begins to answer with the first output, however late that comes.
      limitMs: noLimitMs,
    });
    const take = createDemultiplexer();
    let output: Buffer = Buffer.alloc(0);
    for await (const chunk of stream) {
      output = Buffer.concat([output, take(chunk as Buffer)]).subarray(-outputLimitBytes);
    }
    return { exitCode: await exitCodeOf(engine, id, signal), output: output.toString() };
  } catch (error) {
    if (!signal.aborted) return refusedCommand(error);
    await endExec(engine, container, id).catch(() => {});
    throw signal.reason;
  }
}

/** A command that cannot be run is an answer, as a shell would give it. */
function refusedCommand(error: unknown): ExecResult {
  if (error instanceof EngineRefusal && /OCI|executable file not found|no such file/i.test(error.said)) {
    return { exitCode: 127, output: error.said };
  }
  throw error;
}

/** The command's streams are this process's own; with a terminal on both sides where this process has one. */
export async function execInherited(
  engine: Engine,
  container: string,
  { argv, env, signal }: ExecRequest,
): Promise<ExecResult> {
  const tty = process.stdin.isTTY === true && process.stdout.isTTY === true;
  const id = await createExec(engine, container, { argv, env, tty, stdin: true, signal });
  const socket = await engine.hijack(`/exec/${id}/start`, { Detach: false, Tty: tty });
  const take = tty ? (chunk: Buffer) => chunk : createDemultiplexer();
  const onAbort = () => socket.destroy();
  const resize = () => {
    const query = { h: process.stdout.rows, w: process.stdout.columns };
    void engine.request("POST", `/exec/${id}/resize`, { query, accept: [404, 409, 500] }).catch(() => {});
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    if (tty) {
      process.stdin.setRawMode(true);
      process.stdout.on("resize", resize);
      resize();
    }
    process.stdin.pipe(socket);
    for await (const chunk of socket) process.stdout.write(take(chunk as Buffer));
    return { exitCode: await exitCodeOf(engine, id, signal), output: "" };
  } finally {
    signal.removeEventListener("abort", onAbort);
    process.stdin.unpipe(socket);
    process.stdin.pause();
    process.stdout.off("resize", resize);
    if (tty) process.stdin.setRawMode(false);
    socket.destroy();
    if (signal.aborted) await endExec(engine, container, id).catch(() => {});
  }
}

async function createExec(
  engine: Engine,
  container: string,
  { argv, env = {}, tty, stdin, signal }: ExecRequest & { readonly tty: boolean; readonly stdin: boolean },
): Promise<string> {
  const { data } = await engine.request("POST", `/containers/${container}/exec`, {
    body: {
      Cmd: argv,
      Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
      AttachStdin: stdin,
      AttachStdout: true,
      AttachStderr: true,
      Tty: tty,
    },
    signal,
  });
  return (data as { readonly Id: string }).Id;
}

/** Podman closes the streams a moment before it knows the code. */
async function exitCodeOf(engine: Engine, id: string, signal: AbortSignal): Promise<number> {
  for (let look = 1; ; look++) {
    const { Running, ExitCode } = await engine.get<ExecDetails>(`/exec/${id}/json`, { signal });
    if (!Running || look >= 100) {
      endExecCompanions(id);
      return ExitCode ?? -1;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Engines cannot end a command; its process can be reached only when the engine's processes are this machine's. */
async function endExec(engine: Engine, container: string, id: string): Promise<void> {
  const { Running, Pid } = await engine.get<ExecDetails>(`/exec/${id}/json`, { limitMs: 5000 });
  if (!Running || Pid <= 0 || process.platform !== "linux") return;
  if (readFileSync(`/proc/${Pid}/cgroup`, "utf8").includes(container)) process.kill(Pid, "SIGKILL");
  await exitCodeOf(engine, id, AbortSignal.timeout(5000));
}
