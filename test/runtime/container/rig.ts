import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import type { ContainerRuntime } from "../../../src/runtime/container/runtime.ts";
import type { Place, PublishedPort, RunIdentity, StartOrder } from "../../../src/runtime/types.ts";
import type { ContainerForm, ImageSource, Service, Stack, Unit } from "../../../src/stack/types.ts";
import { openEngine, type Reachable } from "../../engines/engines.ts";
import { randomId } from "../../engines/random-id.ts";

export const busybox = "docker.io/library/busybox:1";
export const never: AbortSignal = new AbortController().signal;
export const quiet: { readonly signal: AbortSignal; readonly progress: (text: string) => void } = {
  signal: never,
  progress: () => {},
};

export function form(image: ImageSource | string, more: Partial<ContainerForm> = {}): ContainerForm {
  return {
    image: typeof image === "string" ? { kind: "image", reference: image, pull: "missing" } : image,
    entrypoint: undefined,
    command: undefined,
    user: undefined,
    platform: undefined,
    workdir: undefined,
    aliases: [],
    ulimits: {},
    labels: {},
    extraHosts: [],
    capAdd: [],
    capDrop: [],
    privileged: false,
    init: false,
    readOnly: false,
    shmSizeBytes: undefined,
    memoryBytes: undefined,
    tty: false,
    ...more,
  };
}

export function unit(name: string, container: ContainerForm, more: Partial<Service> = {}): Service {
  return {
    kind: "service",
    name,
    after: [],
    env: {},
    ports: [],
    files: [],
    container,
    process: undefined,
    budgetMs: 60_000,
    stop: { signal: "SIGTERM", graceMs: 5000 },
    facts: {},
    secrets: [],
    ready: { kind: "running" },
    ...more,
  };
}

/** A unit of busybox that runs a script. */
export function script(name: string, text: string, more: Partial<Service> = {}): Service {
  return unit(name, form(busybox, { command: [["sh"], ["-c"], [text]] }), more);
}

export function stackOf(...units: readonly Unit[]): Stack {
  return {
    name: "rig",
    dir: "/",
    file: undefined,
    order: "sequential",
    timeoutMs: 60_000,
    units,
    exports: {},
    notes: [],
  };
}

export interface RigRun {
  readonly run: RunIdentity;
  readonly place: Place;
  readonly order: (unit: Unit, ports?: readonly PublishedPort[], env?: Record<string, string>) => StartOrder;
  readonly log: (unit: string) => Promise<string>;
  /** Removes the run and gives what is left of it. */
  readonly end: () => Promise<readonly string[]>;
}

/** A run of its own, with a folder that goes with it. */
export async function openRun(runtime: ContainerRuntime): Promise<RigRun> {
  const dir = await mkdtemp(join(tmpdir(), "rollcall-container-test-"));
  const id = randomId();
  const run = { id, stack: "rig", name: "rig", dir, tempDir: join(dir, "temp") };
  const place = runtime.open(run);
  const file = (name: string) => join(dir, "logs", `${name}.log`);
  return {
    run,
    place,
    order: (each, ports = [], env = {}) => ({
      unit: each,
      env,
      ports,
      resolve: (template) => template.map((part) => (typeof part === "string" ? part : "?")).join(""),
      logFile: file(each.name),
    }),
    log: (name) => readFile(file(name), "utf8"),
    async end() {
      await place.close();
      const left = await place.remove({ signal: never });
      await rm(dir, { recursive: true, force: true });
      return left.map(({ text }) => text);
    },
  };
}

export interface Runs {
  /** There from the first test on. */
  readonly runtime: () => ContainerRuntime;
  readonly newRun: () => Promise<RigRun>;
  /** Prepared and with its network. */
  readonly readyRun: (...units: readonly Service[]) => Promise<RigRun>;
}

/** For a file's tests: an engine, and runs that end with the file. */
export function useRuns(engine: Reachable): Runs {
  let opened: ContainerRuntime | undefined;
  const runs: RigRun[] = [];
  const runtime = (): ContainerRuntime => {
    if (opened === undefined) throw new Error("Only tests and hooks may ask for the engine.");
    return opened;
  };
  const newRun = async () => {
    const run = await openRun(runtime());
    runs.push(run);
    return run;
  };
  beforeAll(async () => {
    opened = await openEngine(engine);
  });
  afterAll(async () => {
    await Promise.all(runs.map((run) => run.end()));
    await opened?.close();
  });
  return {
    runtime,
    newRun,
    readyRun: async (...units) => {
      const run = await newRun();
      await Promise.all(units.map((each) => run.place.prepare(each, quiet)));
      await run.place.setUp(stackOf(...units), { signal: never });
      return run;
    },
  };
}
