import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import pg from "pg";
import { expect, inject, test } from "vitest";
import { endChild, until } from "./rig/child.ts";
import { useOwnStores } from "./rig/own-stores.ts";
import { auditEvent } from "./rig/samples.ts";

const stores = useOwnStores();
const PATH = "/api/v1/audit/events";

test.each(["SIGTERM", "SIGINT"] as const)("%s without work: exit 0 at once", async (signal) => {
  const service = await stores.start();
  // An idle keep-alive connection must not hold it.
  const idle = connect(Number(new URL(service.url).port), "127.0.0.1");
  idle.on("error", () => {});
  await service.client.get("/health");
  const began = performance.now();
  expect(await service.stop(signal)).toBe(0);
  console.log(`stopped ${Math.round(performance.now() - began)} ms after ${signal}`);
  idle.destroy();
});

test("readiness turns 503 while a request is under way, which is still answered; then exit 0", async () => {
  const service = await stores.start();
  await service.client.post(PATH, auditEvent());
  // A lock makes the request take as long as this test wants.
  const { database, release } = await lockAuditEvents();
  const event = auditEvent();
  const posted = service.client.post(PATH, event);
  await until(async () => {
    const waiting = await stores.sql(
      "SELECT 1 FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'",
      [database],
    );
    return waiting.length > 0 ? true : undefined;
  }, "the request waits for the lock");
  const ended = endChild(service.child, "SIGTERM");
  const ready = await until(async () => {
    const answer = await service.client.get("/health/ready");
    return answer.status === 503 ? answer : undefined;
  }, "readiness turns 503");
  expect(ready.body).toEqual({ status: "not_ready", reason: "shutting_down" });
  expect(ready.headers.get("connection")).toBe("close");
  await release();
  expect((await posted).status).toBe(201);
  expect(await ended).toBe(0);
  const rows = await stores.sql("SELECT 1 FROM audit_events WHERE correlation_id = $1", [
    event["correlation_id"],
  ]);
  expect(rows).toHaveLength(1);
});

test("after requests of every kind nothing is waited for that is long over", async () => {
  const service = await stores.start();
  const { client, child } = service;
  await client.get(`${PATH}?correlation_id=%ff`);
  await client.get("/%ff");
  await client.get("/nothing");
  await client.send("DELETE", PATH, { body: {} });
  await client.send("POST", PATH, { raw: "{" });
  await client.post(PATH, auditEvent());
  const closed = once(child, "close");
  expect(await service.stop()).toBe(0);
  await closed;
  expect(service.lines.map((line) => line["msg"])).not.toContainEqual(expect.stringContaining("given up"));
});

test("a database that hangs does not make the end longer than it may be", async () => {
  const service = await stores.start();
  await service.client.post(PATH, auditEvent());
  const { release } = await lockAuditEvents();
  const posted = service.client.post(PATH, auditEvent()).catch(() => undefined);
  const began = performance.now();
  const closed = once(service.child, "close");
  expect(await service.stop()).toBe(0);
  console.log(`stopped ${Math.round(performance.now() - began)} ms after SIGTERM with a hanging database`);
  await closed;
  expect(service.lines.at(-1)?.["msg"]).toContain("given up");
  expect(performance.now() - began).toBeLessThan(10_000);
  await release();
  await posted;
});

test("SIGTERM before it listens ends it as well", async () => {
  const child = spawn(process.execPath, [inject("program")], { env: stores.env, stdio: "ignore" });
  const code = await endChild(child, "SIGTERM");
  // Before the program has installed its handler the system's own default ends it.
  expect([0, "SIGTERM"]).toContain(code);
});

const mayUnshare = spawnSync("unshare", ["-pf", "true"]).status === 0;

test.skipIf(!mayUnshare)(
  "as process 1 it stops like anywhere else (skipped where namespaces are not allowed)",
  async () => {
    const env = { ...stores.env, PATH: process.env["PATH"] };
    const outer = spawn("unshare", ["-pf", process.execPath, inject("program")], {
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(outer, "exit");
    let output = "";
    outer.stdout.on("data", (chunk) => {
      output += String(chunk);
    });
    await until(() => (output.includes('"listening"') ? true : undefined), "it listens");
    const inner = Number(readFileSync(`/proc/${outer.pid}/task/${outer.pid}/children`, "utf8"));
    expect(readFileSync(`/proc/${inner}/status`, "utf8")).toMatch(/NSpid:\t.*\t1\n/);
    process.kill(inner, "SIGTERM");
    expect((await ended)[0]).toBe(0);
  },
);

async function lockAuditEvents() {
  const client = new pg.Client({
    host: "127.0.0.1",
    port: stores.postgres.port,
    user: "postgres",
    database: stores.env["DB_NAME"],
  });
  await client.connect();
  await client.query("BEGIN");
  await client.query("LOCK TABLE audit_events IN ACCESS EXCLUSIVE MODE");
  return { database: stores.env["DB_NAME"] ?? "", release: () => client.end() };
}
