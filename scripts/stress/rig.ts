import { spawn } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import Docker from "dockerode";
import type { RunEvent } from "../../src/journal/events.ts";
import type { RuntimeKind } from "../../src/runtime/types.ts";
import { listProcesses, readCommand, readEnviron } from "../../src/util/process-table.ts";
import { type Bundle, bundleRollcall } from "../../test/faults/bundle.ts";
import type * as Rollcall from "../../test/faults/entry.ts";
import { closeStdinWith } from "../../test/faults/until-orphaned.ts";

export const serverFile = join(import.meta.dirname, "../../test/faults/server.mjs");

export interface Rig {
  readonly runtime: RuntimeKind;
  readonly rollcall: typeof Rollcall;
  /** A folder with this stack in it. */
  folder(raw: object): string;
  /** Starts the command line there. */
  cli(dir: string, args: readonly string[]): ReturnType<typeof spawn>;
  remove(): void;
}

/** Rollcall in a bundle of its own, and a state folder that is nobody's. RUNTIME: process (default), podman, docker. */
export async function openRig(): Promise<Rig> {
  const runtime = runtimeFrom(process.env["RUNTIME"] ?? "process");
  pointToEngine(runtime);
  const bundle: Bundle = await bundleRollcall();
  const home = realpathSync(mkdtempSync(join(tmpdir(), "rollcall-stress-")));
  process.env["XDG_STATE_HOME"] = join(home, "state");
  const rollcall = (await import(pathToFileURL(join(bundle.dir, "index.js")).href)) as typeof Rollcall;
  return {
    runtime,
    rollcall,
    folder(raw) {
      const dir = mkdtempSync(join(home, "stack-"));
      writeFileSync(join(dir, "rollcall.yaml"), JSON.stringify(raw));
      return dir;
    },
    cli(dir, args) {
      const child = spawn(process.execPath, [join(bundle.dir, "cli.js"), ...args], {
        cwd: dir,
        stdio: ["pipe", "pipe", "pipe"],
      });
      closeStdinWith(child);
      return child;
    },
    remove() {
      bundle.remove();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** A tiny service that answers after so many milliseconds. */
export function tiny(runtime: RuntimeKind, after: readonly string[], beforeMs: number): object {
  const onProcesses = runtime === "process";
  const behaviour = JSON.stringify({ beforeMs });
  return {
    ...(onProcesses
      ? { process: ["node", serverFile] }
      : {
          image: "docker.io/library/node:20-bookworm-slim",
          pull: "never",
          command: ["node", "/server.mjs"],
          files: [{ copy: serverFile, target: "/server.mjs", mode: "0644" }],
        }),
    env: { FAULT: behaviour, PORT: "${self.port}", HOST: onProcesses ? "127.0.0.1" : "0.0.0.0" },
    ports: { http: { container: 8080, host: "free", scheme: "http" } },
    ready: { http: "/health" },
    after,
  };
}

export function runsIn(dir: string): readonly string[] {
  const runs = join(dir, ".rollcall/runs");
  return existsSync(runs) ? readdirSync(runs) : [];
}

export function journalIn(dir: string, run: string): readonly RunEvent[] {
  const file = join(dir, ".rollcall/runs", run, "journal.ndjson");
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as RunEvent);
}

/** What is left of the runs of a folder: processes with their marks, engine objects, folders. */
export async function leftoversIn({ runtime, rollcall }: Rig, dir: string): Promise<readonly string[]> {
  const ids = new Set(runsIn(dir));
  const processes = listProcesses()
    .filter(({ pid }) => ids.has(readEnviron(pid)?.["ROLLCALL_RUN"] ?? ""))
    .map(({ pid }) => `process ${pid} ${readCommand(pid)}`);
  const folders = [...ids].map(rollcall.tempDirOf).filter((folder) => existsSync(folder));
  return [...processes, ...folders, ...(runtime === "process" ? [] : await objectsOf(runtime, ids))];
}

async function objectsOf(runtime: RuntimeKind, ids: ReadonlySet<string>): Promise<readonly string[]> {
  const engine = new Docker({ socketPath: addressOf(runtime).slice("unix://".length) });
  const ours = (labels: Readonly<Record<string, string>> | undefined) =>
    ids.has(labels?.["dev.rollcall.run"] ?? "");
  const [containers, networks, { Volumes: volumes }] = await Promise.all([
    engine.listContainers({ all: true }),
    engine.listNetworks(),
    engine.listVolumes(),
  ]);
  return [
    ...containers.filter(({ Labels }) => ours(Labels)).map(({ Names }) => `container ${Names[0]}`),
    ...networks.filter(({ Labels }) => ours(Labels)).map(({ Name }) => `network ${Name}`),
    ...(volumes ?? []).filter(({ Labels }) => ours(Labels)).map(({ Name }) => `volume ${Name}`),
  ];
}

function runtimeFrom(text: string): RuntimeKind {
  if (text === "process" || text === "podman" || text === "docker") return text;
  throw new Error(`RUNTIME: expected process, podman or docker, got ${text}`);
}

function addressOf(runtime: RuntimeKind): string {
  return process.env[runtime === "podman" ? "ROLLCALL_TEST_PODMAN" : "ROLLCALL_TEST_DOCKER"] ?? "";
}

function pointToEngine(runtime: RuntimeKind): void {
  if (runtime === "process") return;
  const address = addressOf(runtime);
  if (address === "") throw new Error(`no ${runtime}: run scripts/engines/start.sh and images.sh`);
  process.env[runtime === "podman" ? "CONTAINER_HOST" : "DOCKER_HOST"] = address;
}

export function times(fallback: number): number {
  const text = process.env["N"];
  const count = text === undefined ? fallback : Number(text);
  if (!Number.isSafeInteger(count) || count < 1) throw new Error(`N: expected a number from 1, got ${text}`);
  return count;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The last line tells the whole; a miss is an error. */
export function conclude(line: string, misses: readonly string[]): void {
  for (const miss of misses.slice(0, 20)) process.stdout.write(`  miss: ${miss}\n`);
  process.stdout.write(`${line}${misses.length === 0 ? "" : `; ${misses.length} misses`}\n`);
  process.exitCode = misses.length === 0 ? 0 : 1;
}
