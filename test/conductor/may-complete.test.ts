import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { readJournal } from "../../src/journal/journal.ts";
import { verifyJournal } from "../../src/journal/verify.ts";
import { up } from "../../src/run/start/up.ts";
import type { Run } from "../../src/run/types.ts";
import type { Dependency, Service, Template } from "../../src/stack/types.ts";
import { aService, aStack } from "./stacks.ts";

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function program(name: string, script: string, overrides: Partial<Service> = {}): Service {
  const argv = [process.execPath, "-e", script].map((text): Template => [text]);
  return aService(name, { process: { kind: "command", argv, cwd: tmpdir() }, ...overrides });
}

const started = (service: string): Dependency => ({ service, condition: "started", because: "depends_on" });
const stays = "setInterval(() => {}, 1000)";

async function bringUp(units: readonly Service[]): Promise<Run> {
  const dir = await mkdtemp(join(tmpdir(), "rollcall-complete-"));
  cleanups.push(() => rm(dir, { recursive: true, force: true }));
  const stack = aStack(units, { dir, order: "dependency" });
  const run = await up(stack, { runtime: "process", signal: AbortSignal.timeout(60_000) });
  cleanups.push(() => run.down());
  return run;
}

async function endOf(run: Run, service: string): Promise<boolean> {
  for await (const event of run.events()) {
    if (event.type === "service.exited" && event.service === service) return event.expected;
  }
  throw new Error(`${service} did not end`);
}

test("a one-shot that nobody waits for may end with 0, and the run goes on", async () => {
  const run = await bringUp([
    program("once", "", { mayComplete: true }),
    program("web", stays, { after: [started("once")] }),
  ]);
  expect(await endOf(run, "once")).toBe(true);
  const { state, services } = await run.status();
  expect(state).toBe("ready");
  expect(services.map((service) => `${service.name} ${service.state}`)).toEqual([
    "once completed",
    "web ready",
  ]);
  await run.down();
  expect(verifyJournal(await readJournal(join(run.dir, "journal.ndjson")))).toEqual([]);
});

test("a one-shot that ends with an error is a failure", async () => {
  const units = [program("once", "process.exitCode = 3", { mayComplete: true }), program("web", stays)];
  // It may end before or after the rest is up: either way it is told.
  const outcome = bringUp(units).then((run) => run.failed);
  await expect(outcome).rejects.toMatchObject({ service: "once", report: { exitCode: 3 } });
});
