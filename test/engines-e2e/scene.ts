import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import Docker from "dockerode";
import { afterAll, expect } from "vitest";
import type { RunEvent } from "../../src/journal/events.ts";
import type { Run, UpOptions } from "../../src/run/types.ts";
import type { RawUnit } from "../../src/stack/raw.ts";
import type { Stack } from "../../src/stack/types.ts";
import { listProcesses, readCommand, readEnviron } from "../../src/util/process-table.ts";
import type { Reachable } from "../engines/engines.ts";
import { bundleRollcall } from "../faults/bundle.ts";
import type * as Rollcall from "../faults/entry.ts";
import { type Command, startCommand } from "./command.ts";

const bundle = await bundleRollcall();
afterAll(() => bundle.remove());
export const rollcall: typeof Rollcall = await import(pathToFileURL(join(bundle.dir, "index.js")).href);

export type Units = Readonly<Record<string, RawUnit>>;

/** A folder with a stack of its own, and a home of its own for all that rollcall keeps, on one engine. */
export class Scene {
  readonly kind: "podman" | "docker";
  readonly dir = realpathSync(mkdtempSync(join(tmpdir(), "rollcall-e2e-")));
  /** Outside the stack's folder, as for a user. */
  readonly home = realpathSync(mkdtempSync(join(tmpdir(), "rollcall-e2e-home-")));
  readonly engine: Docker;
  readonly env: Readonly<Record<string, string>>;
  readonly #cleanups: (() => unknown)[] = [];
  readonly #seen = new Set<string>();
  readonly #volumes = new Set<string>();

  constructor({ kind, address }: Reachable) {
    this.kind = kind;
    this.engine = new Docker({ socketPath: address.slice("unix://".length) });
    mkdirSync(join(this.home, "tmp"));
    this.env = {
      XDG_STATE_HOME: join(this.home, "state"),
      XDG_CACHE_HOME: join(this.home, "cache"),
      TMPDIR: join(this.home, "tmp"),
      [kind === "podman" ? "CONTAINER_HOST" : "DOCKER_HOST"]: address,
    };
  }

  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.dir, name)), { recursive: true });
      await writeFile(join(this.dir, name), text);
    }
  }

  /** Writes the stack's file and reads it as a user's would be. */
  async define(services: Units, more: object = {}): Promise<Stack> {
    const stack = { name: "e2e", services, ...more };
    await this.write({ "rollcall.yaml": JSON.stringify(stack, null, 2) });
    return rollcall.loadStack(join(this.dir, "rollcall.yaml"), { cwd: this.dir });
  }

  up(stack: Stack, options: UpOptions = {}): Promise<Run> {
    return rollcall.up(stack, { runtime: this.kind, ...options });
  }

  /** The built command line in the stack's folder, as a user would type it. */
  cli(...args: readonly string[]): Command {
    return this.cliWith({}, ...args);
  }

  cliWith(env: NodeJS.ProcessEnv, ...args: readonly string[]): Command {
    const options = { cwd: this.dir, env: { ...this.env, ...env } };
    const command = startCommand(join(bundle.dir, "cli.js"), args, options);
    this.onEnd(() => command.kill("SIGKILL"));
    return command;
  }

  get runs(): readonly string[] {
    const folder = join(this.dir, ".rollcall/runs");
    return existsSync(folder) ? readdirSync(folder) : [];
  }

  /** What the runs have written so far; a last line may be half written. */
  get journals(): readonly RunEvent[] {
    return this.runs.flatMap((run) => {
      const file = join(this.dir, ".rollcall/runs", run, "journal.ndjson");
      const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : [];
      return lines.map((line) => JSON.parse(line) as RunEvent);
    });
  }

  /** Waits until another process has written such an event. */
  async happened(type: RunEvent["type"], service?: string): Promise<void> {
    const fits = (event: RunEvent) =>
      event.type === type && (service === undefined || ("service" in event && event.service === service));
    await expect.poll(() => this.journals.some(fits), { timeout: 90_000, interval: 50 }).toBe(true);
  }

  /** Containers of this scene's runs, which from now on must be gone at the end, with all that the engine added. */
  async containers(unit?: string): Promise<readonly Docker.ContainerInspectInfo[]> {
    const found: Docker.ContainerInspectInfo[] = [];
    for (const run of this.runs) {
      const label = [`dev.rollcall.run=${run}`, ...(unit === undefined ? [] : [`dev.rollcall.unit=${unit}`])];
      const listed = await this.engine.listContainers({ all: true, filters: JSON.stringify({ label }) });
      for (const { Id } of listed) found.push(await this.engine.getContainer(Id).inspect());
    }
    for (const { Id, Mounts } of found) {
      this.#seen.add(Id);
      for (const { Type, Name } of Mounts) if (Type === "volume" && Name) this.#volumes.add(Name);
    }
    return found;
  }

  onEnd(cleanup: () => unknown): void {
    this.#cleanups.unshift(cleanup);
  }

  /** All that is there of this scene's runs, wherever it may be. */
  async left(): Promise<readonly string[]> {
    const marks = [...this.runs, ...this.#seen];
    const processes = listProcesses().flatMap(({ pid }) => {
      const command = readCommand(pid) ?? "";
      const run = readEnviron(pid)?.["ROLLCALL_RUN"];
      const ours = [...marks, this.dir, this.home].some((mark) => command.includes(mark));
      return ours || (run !== undefined && this.runs.includes(run)) ? [`process ${pid} ${command}`] : [];
    });
    const objects = await Promise.all(this.runs.map((run) => objectsOf(this.engine, run)));
    const { Volumes: volumes } = await this.engine.listVolumes();
    return [
      ...objects.flat(),
      ...(volumes ?? []).flatMap(({ Name }) => (this.#volumes.has(Name) ? [`volume ${Name}`] : [])),
      ...processes,
      ...readdirSync(join(this.home, "tmp")).map((name) => `temporary file ${name}`),
    ];
  }

  async end(): Promise<void> {
    try {
      // Guards and engines take a moment to let go.
      await expect.poll(() => this.left(), { timeout: 30_000, interval: 100 }).toEqual([]);
    } finally {
      for (const cleanup of this.#cleanups) await cleanup();
      for (const dir of [this.dir, this.home]) rmSync(dir, { recursive: true, force: true });
    }
  }
}

/** A test's body on a scene of its own; at its end nothing of the scene's runs may be there. */
export function onScene(engine: Reachable, body: (scene: Scene) => Promise<void>): () => Promise<void> {
  return async () => {
    const scene = new Scene(engine);
    const before = { ...process.env };
    Object.assign(process.env, scene.env);
    try {
      await body(scene);
    } catch (error) {
      console.error(
        scene.journals
          .slice(-30)
          .map((event) => JSON.stringify(event))
          .join("\n"),
      );
      // What is left then is a consequence.
      await rollcall.down({ name: "e2e", dir: scene.dir } as Stack).catch(() => {});
      await scene.end().catch(() => {});
      throw error;
    } finally {
      for (const name of Object.keys(scene.env)) restore(name, before[name]);
    }
    Object.assign(process.env, scene.env);
    try {
      await scene.end();
    } finally {
      for (const name of Object.keys(scene.env)) restore(name, before[name]);
    }
  };
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

async function objectsOf(engine: Docker, run: string): Promise<readonly string[]> {
  const filters = JSON.stringify({ label: [`dev.rollcall.run=${run}`] });
  const [containers, networks, { Volumes: volumes }] = await Promise.all([
    engine.listContainers({ all: true, filters }),
    engine.listNetworks({ filters }),
    engine.listVolumes({ filters }),
  ]);
  return [
    ...containers.map(({ Names }) => `container ${Names[0]}`),
    ...networks.map(({ Name }) => `network ${Name}`),
    ...(volumes ?? []).map(({ Name }) => `volume ${Name}`),
  ];
}
