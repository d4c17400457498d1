import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RunEvent } from "../../src/journal/events.ts";
import { readJournal } from "../../src/journal/journal.ts";
import { down } from "../../src/run/end/down.ts";
import { statusOf } from "../../src/run/look/status.ts";
import { up } from "../../src/run/start/up.ts";
import { findRun, listRuns } from "../../src/run/state/find.ts";
import { journalFileOf, tempDirOf } from "../../src/run/state/folders.ts";
import type { UpOptions } from "../../src/run/types.ts";
import { useFolder } from "./fixtures/folder.ts";
import { processesOf } from "./fixtures/program.ts";
import { server, stackOf } from "./fixtures/stack.ts";

const folder = useFolder();
const onProcesses: UpOptions = { runtime: "process" };

const textOf = async (url: string) => (await fetch(url)).text();
const notesOf = (events: readonly RunEvent[]) =>
  events.flatMap((event) => (event.type === "note" ? [event.text] : []));

/** Guards end a moment after their run. */
async function expectGone(run: string): Promise<void> {
  await expect.poll(() => processesOf(run), { timeout: 30_000 }).toEqual([]);
  expect(existsSync(tempDirOf(run))).toBe(false);
}

test("a stack is up when up returns, its exports lead to it, and nothing is left after down", async () => {
  const stack = stackOf(folder.dir, [server("a"), server("b", { after: ["a"] })], {
    A_URL: [{ service: "a", property: "url", port: undefined }],
  });
  const run = await up(stack, onProcesses);
  expect(run.attached).toBe(false);
  expect(run.service("b").host).toBe("127.0.0.1");
  expect(run.env["A_URL"]).toBe(run.service("a").url());
  expect(await textOf(run.env["A_URL"] ?? "")).toMatch(/^pid \d+$/);
  expect(await run.status()).toMatchObject({
    state: "ready",
    services: [
      { name: "a", state: "ready", level: "query", ports: { http: { host: "127.0.0.1" } } },
      { name: "b", state: "ready" },
    ],
  });
  expect(await run.service("a").logs()).toBe("listening");
  await run.down();
  await run.down();
  await expectGone(run.id);
  expect(await findRun(stack)).toBeUndefined();
  expect(await readdir(join(folder.dir, "state", "rollcall", "runs"))).toEqual([]);
  const events = await readJournal(journalFileOf(run.dir));
  const types = events.map((event) => event.type);
  expect(types[0]).toBe("run.started");
  expect(events.filter((event) => event.type === "stop.done")).toMatchObject([
    { service: "b", exit: { signal: "SIGTERM" } },
    { service: "a", exit: { signal: "SIGTERM" } },
  ]);
  expect(types.slice(-2)).toEqual(["audit", "run.stopped"]);
});

test("a run that is to stay is attached to, left alone by its users, and taken down by anybody", async () => {
  const stack = stackOf(folder.dir, [server("a"), server("b")]);
  const first = await up(stack, { ...onProcesses, stay: true });
  await first.down();
  const second = await up(stack);
  expect(second).toMatchObject({ id: first.id, attached: true, runtime: "process", env: first.env });
  expect(await textOf(second.service("a").url())).toMatch(/^pid/);
  await second.down();
  expect(await statusOf(stack)).toMatchObject({ run: first.id, state: "ready" });
  expect(await down(stack)).toEqual({ was: "up" });
  expect(await down(stack)).toEqual({ was: "absent" });
  expect(await statusOf(stack)).toBeUndefined();
  await expectGone(first.id);
});

test("two uses in one process share a run, and the last one takes it down", async () => {
  const stack = stackOf(folder.dir, [server("a")]);
  const [one, two] = await Promise.all([up(stack, onProcesses), up(stack, onProcesses)]);
  expect(one.id).toBe(two.id);
  expect([one.attached, two.attached].sort()).toEqual([false, true]);
  await one.down();
  expect(await textOf(two.service("a").url())).toMatch(/^pid/);
  await two.down();
  await expectGone(one.id);
});

test("a stack of which a service has died is brought up anew, says so, and stays as it was to stay", async () => {
  const stack = stackOf(folder.dir, [server("a"), server("b")]);
  const first = await up(stack, { ...onProcesses, stay: true });
  await first.service("a").kill();
  await first.down();
  expect(await statusOf(stack)).toMatchObject({
    state: "failed",
    services: [{ name: "a", state: "exited" }, { state: "ready" }],
  });
  const events: RunEvent[] = [];
  const second = await up(stack, { onEvent: (event) => events.push(event) });
  expect(second).toMatchObject({ attached: false });
  expect(second.id).not.toBe(first.id);
  expect(notesOf(events)).toEqual(["demo was up, but a has ended: it is taken down and brought up anew"]);
  await second.down();
  expect(await statusOf(stack)).toMatchObject({ run: second.id, state: "ready" });
  await down(stack);
  await expectGone(first.id);
  await expectGone(second.id);
});

test("another definition, other ports and missing services are named as what keeps from attaching", async () => {
  const [a, b] = [server("a"), server("b")];
  const stack = stackOf(folder.dir, [a, b]);
  const run = await up(stack, { ...onProcesses, services: ["a"], ports: "free" });
  const changed = stackOf(folder.dir, [{ ...a, budgetMs: 1234 }, b]);
  await expect(up(changed)).rejects.toMatchObject({
    code: "RUN_EXISTS",
    message: expect.stringContaining("another definition"),
  });
  await expect(up(stack, { ports: "fixed" })).rejects.toThrow(
    "it has free ports, not fixed; it runs without b",
  );
  await expect(up(stack, { runtime: "podman", services: ["a"] })).rejects.toThrow(
    "it runs on process, not podman",
  );
  expect(await run.status()).toMatchObject({ state: "ready" });
  await run.down();
});

test("two names of one stack are up at the same time with free ports", async () => {
  const stack = stackOf(folder.dir, [server("a", { host: await unusedPort() })]);
  const free: UpOptions = { ...onProcesses, ports: "free" };
  const [one, two] = await Promise.all([
    up(stack, { ...free, name: "one" }),
    up(stack, { ...free, name: "two" }),
  ]);
  expect(one.service("a").port).not.toBe(two.service("a").port);
  expect(await textOf(one.service("a").url())).not.toBe(await textOf(two.service("a").url()));
  await one.down();
  expect(await textOf(two.service("a").url())).toMatch(/^pid/);
  await two.down();
});

test("a taken port is an error that names its holder, and nothing is started", async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  const { port } = holder.address() as AddressInfo;
  const stack = stackOf(folder.dir, [server("a"), server("b", { host: port })]);
  await expect(up(stack, onProcesses)).rejects.toMatchObject({
    code: "PORT_TAKEN",
    service: "b",
    message: expect.stringContaining(String(process.pid)),
  });
  expect(await listRuns(stack)).toEqual([]);
  await new Promise((resolve) => holder.close(resolve));
  const run = await up(stack, onProcesses);
  expect(run.service("b").port).toBe(port);
  await run.down();
});

test("a failed start names its cause, keeps its logs, and leaves nothing running", async () => {
  const stack = stackOf(folder.dir, [
    server("a"),
    server("b", { env: { EXIT_CODE: "7" } }),
    server("c", { after: ["b"] }),
  ]);
  await expect(up(stack, onProcesses)).rejects.toMatchObject({
    code: "EXITED_EARLY",
    service: "b",
    report: { exitCode: 7, logTail: ["giving up"], notStarted: ["c"] },
  });
  const [record] = await listRuns(stack);
  expect(record).toMatchObject({ state: "stopped", units: [{}, { name: "b", state: "failed" }, {}] });
  const dir = join(folder.dir, ".rollcall/runs", record?.run ?? "");
  expect(await readFile(join(dir, "logs/b.log"), "utf8")).toContain("giving up");
  expect(JSON.parse(await readFile(join(dir, "inspect/a.json"), "utf8"))).toBeTruthy();
  await expectGone(record?.run ?? "");
});

test("a failed start that is to be kept is left up, and down removes it", async () => {
  const stack = stackOf(folder.dir, [server("a"), server("b", { env: { EXIT_CODE: "7" } })]);
  await expect(up(stack, { ...onProcesses, keepOnFailure: true })).rejects.toMatchObject({
    code: "EXITED_EARLY",
    hint: expect.stringContaining("rollcall down"),
  });
  const status = await statusOf(stack);
  expect(status).toMatchObject({ state: "failed", services: [{ state: "ready" }, { state: "failed" }] });
  expect(await textOf(status?.services[0]?.ports["http"]?.url ?? "")).toMatch(/^pid/);
  expect(await down(stack)).toEqual({ was: "up" });
  await expectGone(status?.run ?? "");
});

test("without a choice of runtime it is said which one was taken, and why", async () => {
  const events: RunEvent[] = [];
  const stack = stackOf(folder.dir, [server("a")]);
  const run = await up(stack, { onEvent: (event) => events.push(event) });
  expect(run.runtime).toBe("process");
  expect(notesOf(events)).toEqual(["runtime: processes of this machine (the stack has no images)"]);
  await run.down();
});

test("everything that a runtime cannot do is refused before anything is started", async () => {
  const stack = stackOf(folder.dir, [
    server("a"),
    { ...server("b"), process: undefined },
    { ...server("c"), process: undefined },
  ]);
  const refusal = up(stack, onProcesses);
  await expect(refusal).rejects.toMatchObject({ code: "RUNTIME_UNSUITABLE" });
  await expect(refusal).rejects.toThrow(/\n {2}b: .*\n {2}c: /);
  expect(await listRuns(stack)).toEqual([]);
});

test("an aborted start ends what it had started", async () => {
  const stack = stackOf(folder.dir, [server("a"), server("b")]);
  const controller = new AbortController();
  const starting = up(stack, {
    ...onProcesses,
    signal: controller.signal,
    onEvent: (event) => {
      if (event.type === "start.requested" && event.service === "b") controller.abort();
    },
  });
  await expect(starting).rejects.toMatchObject({ code: "INTERRUPTED" });
  const [record] = await listRuns(stack);
  expect(record?.state).toBe("stopped");
  await expectGone(record?.run ?? "");
});

/** A port that nobody had a moment ago. */
async function unusedPort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
