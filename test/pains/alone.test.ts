import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { newRunId, recordFileOf, tempDirOf } from "../../src/run/state/folders.ts";
import { readRecord, writeRecord } from "../../src/run/state/record.ts";
import { addToIndex } from "../../src/run/state/run-index.ts";
import { addressesFor } from "../../src/stack/resolve.ts";
import { ownerOfThisProcess } from "../../src/util/owner.ts";
import { identify, isSame } from "../../src/util/process-table.ts";
import { attempt, small, stackIn, useHome } from "./rig.ts";

const home = useHome();

const fixed = (host: number) => small({}, { ports: { http: { container: 8080, host, scheme: "http" } } });

async function holdPort() {
  const server = createServer((_request, response) => response.end("somebody else"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { port, close: () => new Promise((resolve) => server.close(resolve)) };
}

test("pain 8: addresses are 127.0.0.1, never localhost", async () => {
  const stack = await stackIn(home, { a: small() }, { exports: { A_URL: "${a.url}", A_HOST: "${a.host}" } });
  const { run } = await attempt(stack);
  expect(run?.env["A_HOST"]).toBe("127.0.0.1");
  expect(run?.env["A_URL"]).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  await run?.down();
});

test("pain 9: who holds a port is named before anything starts", async () => {
  const holder = await holdPort();
  const { error, events } = await attempt(await stackIn(home, { a: small(), b: fixed(holder.port) }));
  expect(error).toMatchObject({ code: "PORT_TAKEN", service: "b" });
  expect(error?.message).toContain(`process ${process.pid}`);
  expect(events.map(({ type }) => type)).not.toContain("start.requested");
  await holder.close();
});

test("pain 10: what sits on our port is not taken for ours, and the leftover of a dead owner is swept", async () => {
  const stack = await stackIn(home, { a: small() });
  const first = await attempt(stack, { stay: true });
  await first.run?.down();
  const dir = first.run?.dir ?? "";
  const record = await readRecord(dir);
  if (record === undefined) throw new Error("it has no record");
  // Its owner died long ago, and nobody left it up on purpose.
  const dead = { ...record, stay: false, users: [], owner: { ...ownerOfThisProcess(), startTime: "1" } };
  await writeRecord(dir, dead);
  await addToIndex({ run: record.run, dir, record: dead });
  const second = await attempt(stack);
  expect(second.run).toMatchObject({ attached: false });
  expect(second.run?.id).not.toBe(first.run?.id);
  expect(JSON.parse(readFileSync(recordFileOf(dir), "utf8"))).toMatchObject({ state: "stopped" });
  await second.run?.down();
});

test("pain 11: of several that set up at once one starts, the others attach", async () => {
  const stack = await stackIn(home, { a: small({ beforeMs: 200 }) });
  const tried = await Promise.all(Array.from({ length: 4 }, () => attempt(stack)));
  expect(tried.map(({ run }) => run?.attached).sort()).toEqual([false, true, true, true]);
  expect(new Set(tried.map(({ run }) => run?.id)).size).toBe(1);
  for (const { run } of tried) await run?.down();
});

test("pain 13: ids of runs are random", () => {
  const ids = Array.from({ length: 10_000 }, newRunId);
  expect(new Set(ids).size).toBe(10_000);
  expect(ids[0]).toMatch(/^r[a-z2-7]{16}$/);
});

test("pain 15: nothing of a run is left but its records, and of those only the newest are kept", async () => {
  const stack = await stackIn(home, { a: small() });
  const { run } = await attempt(stack);
  const id = run?.id ?? "";
  await run?.down();
  expect(existsSync(tempDirOf(id))).toBe(false);
  expect(readdirSync(join(stack.dir, ".rollcall/runs"))).toEqual([id]);
});

test("pain 18: addresses are made for whoever reads them", async () => {
  const stack = await stackIn(home, { a: small(), b: small() });
  const ports = new Map([["a", [{ name: "http", host: 23_456 }]]]);
  const seen = (reader: string | undefined, addressing: "inside" | "outside") =>
    addressesFor({ reader, addressing, stack, ports })("a", "http");
  expect(seen("b", "inside")).toEqual({ host: "a", port: 8080 });
  expect(seen("b", "outside")).toEqual({ host: "127.0.0.1", port: 23_456 });
  expect(seen(undefined, "inside")).toEqual({ host: "127.0.0.1", port: 23_456 });
});

test("pain 19: logs and what the system knew of each service outlive a failed start", async () => {
  const stack = await stackIn(home, {
    a: small({ log: ["last words"], start: { afterMs: 200, what: { exit: 1 } } }),
  });
  const { error } = await attempt(stack);
  expect(error).toMatchObject({ code: "EXITED_EARLY" });
  const [id = ""] = readdirSync(join(stack.dir, ".rollcall/runs"));
  const dir = join(stack.dir, ".rollcall/runs", id);
  expect(readFileSync(join(dir, "logs/a.log"), "utf8")).toContain("last words");
  expect(JSON.parse(readFileSync(join(dir, "inspect/a.json"), "utf8"))).toMatchObject({ unit: "a" });
});

test("pain 21: a process that is somebody else's is not touched, although it looks like ours", async () => {
  const child = spawn(process.execPath, ["-e", "console.log('up'); setInterval(() => {}, 1000)"], {
    env: { ...process.env, ROLLCALL_RUN: newRunId(), ROLLCALL_UNIT: "a" },
    stdio: ["ignore", "pipe", "ignore"],
  });
  await once(child.stdout, "data");
  const witness = identify(child.pid ?? 0);
  const { run } = await attempt(await stackIn(home, { a: small() }));
  await run?.down();
  expect(witness !== undefined && isSame(witness)).toBe(true);
  child.kill("SIGKILL");
});
