import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { rm, watch } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort } from "../../../src/ports/find-free-port.ts";
import { createProcessRuntime } from "../../../src/runtime/process/runtime.ts";
import type { Instance, Place, PublishedPort, RunIdentity } from "../../../src/runtime/types.ts";
import type { ProcessForm, Service, Template } from "../../../src/stack/types.ts";

export const quick: { readonly signal: AbortSignal } = { signal: new AbortController().signal };

/** A run of its own with its place; `end` removes all of it. */
export interface Rig {
  readonly run: RunIdentity;
  readonly place: Place;
  start(unit: string, form: ProcessForm, ports?: readonly PublishedPort[]): Promise<Instance>;
  /** What the unit has written so far. */
  log(unit: string): string;
  /** Resolves when the unit's log has the text, from the given character on. */
  logged(unit: string, pattern: RegExp, from?: number): Promise<void>;
  end(): Promise<void>;
}

export function createRig(): Rig {
  const dir = mkdtempSync(join(tmpdir(), "rollcall-test-"));
  const id = `t-${randomBytes(6).toString("hex")}`;
  const run: RunIdentity = {
    id,
    stack: "test",
    name: "test",
    dir,
    tempDir: join(tmpdir(), `rollcall-${id}`),
  };
  const place = createProcessRuntime().open(run);
  const log = (unit: string): string => {
    const file = join(dir, `${unit}.log`);
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  };
  return {
    run,
    place,
    start: (unit, form, ports = []) =>
      place.start(
        {
          unit: unitOf(unit, form),
          env: {},
          ports,
          resolve: joinTemplate,
          logFile: join(dir, `${unit}.log`),
        },
        quick,
      ),
    log,
    logged: async (unit, pattern, from = 0) => {
      const controller = new AbortController();
      const changes = watch(dir, { signal: controller.signal });
      const seen = () => pattern.test(log(unit).slice(from));
      // The watch begins with the first step of its iterator, which must come before the look.
      let change = changes[Symbol.asyncIterator]().next();
      while (!seen()) {
        await change;
        change = changes[Symbol.asyncIterator]().next();
      }
      change.catch(() => undefined);
      controller.abort();
    },
    end: async () => {
      await place.remove(quick);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

export function unitOf(name: string, form: ProcessForm | undefined, more: Partial<Service> = {}): Service {
  return {
    kind: "service",
    name,
    after: [],
    env: {},
    ports: [],
    files: [],
    container: undefined,
    process: form,
    budgetMs: 60_000,
    stop: { signal: "SIGTERM", graceMs: 10_000 },
    facts: {},
    secrets: [],
    ready: { kind: "running" },
    ...more,
  };
}

export function command(...argv: readonly string[]): ProcessForm {
  return { kind: "command", argv: argv.map((word): Template => [word]), cwd: tmpdir() };
}

/** A program of test/fixtures, run by this Node. */
export function fixture(name: string, ...args: readonly string[]): ProcessForm {
  const file = new URL(`../../fixtures/processes/${name}`, import.meta.url).pathname;
  return command(process.execPath, file, ...args);
}

export async function freePort(name: string): Promise<readonly PublishedPort[]> {
  const { port, release } = await findFreePort();
  release();
  return [{ name, container: port, host: port }];
}

export function joinTemplate(template: Template): string {
  return template.map((part) => (typeof part === "string" ? part : "")).join("");
}
