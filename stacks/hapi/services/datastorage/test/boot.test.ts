import { once } from "node:events";
import { createServer } from "node:net";
import { expect, inject, test } from "vitest";
import { freePort } from "./rig/free-port.ts";
import {
  createDatabase,
  type RunningService,
  runToEnd,
  serviceEnv,
  sql,
  startService,
} from "./rig/service.ts";

const stores = { postgresPort: inject("postgresPort"), redisPort: inject("redisPort") };

test("bad configuration ends with code 2 and one line that names the variable", async () => {
  const { code, stderr } = await runToEnd({ ...serviceEnv(stores, "postgres"), DB_PORT: "many" });
  expect(code).toBe(2);
  expect(stderr).toMatch(/^datastorage: bad configuration: DB_PORT .*"many"\n$/);
});

test("no environment at all ends with code 2", async () => {
  const { code, stderr } = await runToEnd({});
  expect(code).toBe(2);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
});

test("PostgreSQL not there: code 1 at once, with host and port", async () => {
  const port = await freePort();
  const { code, stderr } = await runToEnd(serviceEnv({ ...stores, postgresPort: port }, "postgres"));
  expect(code).toBe(1);
  expect(stderr).toContain(`cannot reach PostgreSQL at 127.0.0.1:${port}`);
  expect(stderr).toContain("ECONNREFUSED");
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
});

test("Redis not there: code 1 at once, with host and port", async () => {
  const port = await freePort();
  const { code, stderr } = await runToEnd(serviceEnv({ ...stores, redisPort: port }, "postgres"));
  expect(code).toBe(1);
  expect(stderr).toContain(`cannot reach Redis at 127.0.0.1:${port}`);
  expect(stderr).toContain("ECONNREFUSED");
});

test("a database that does not exist: code 1, with its name", async () => {
  const { code, stderr } = await runToEnd(serviceEnv(stores, "no_such_database"));
  expect(code).toBe(1);
  expect(stderr).toContain("no_such_database");
  expect(stderr).not.toContain("test_password");
});

test("a server that takes connections and says nothing: code 1, not an endless wait", async () => {
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const address = silent.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const [postgres, redis] = await Promise.all([
    runToEnd(serviceEnv({ ...stores, postgresPort: port }, "postgres")),
    runToEnd(serviceEnv({ ...stores, redisPort: port }, "postgres")),
  ]);
  silent.close();
  expect([postgres.code, redis.code]).toEqual([1, 1]);
  expect(postgres.stderr).toContain("PostgreSQL");
  expect(redis.stderr).toContain("Redis");
});

test("a taken port: code 1, with the port", async () => {
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  const address = holder.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const database = await createDatabase(stores.postgresPort);
  const { code, stderr } = await runToEnd({ ...serviceEnv(stores, database), PORT: String(port) });
  holder.close();
  expect(code).toBe(1);
  expect(stderr).toContain(`127.0.0.1:${port}`);
});

test("instances that start together migrate once, and a restart migrates nothing", async () => {
  const database = await createDatabase(stores.postgresPort);
  const env = serviceEnv(stores, database);
  const services: RunningService[] = await Promise.all([1, 2, 3].map(() => startService(env)));
  for (const { client } of services) expect((await client.get("/health")).status).toBe(200);
  const rows = await sql(
    stores.postgresPort,
    database,
    "SELECT version FROM schema_migrations ORDER BY version",
  );
  expect(rows.map((row) => row["version"])).toEqual([1, 2]);
  const migrated = services
    .flatMap(({ lines }) => lines)
    .filter((line) => line["msg"] === "migrated the schema");
  expect(migrated).toHaveLength(1);
  await Promise.all(services.map((service) => service.stop()));
  const again = await startService(env);
  console.log(`listening ${Math.round(again.listeningAfterMs)} ms after spawn on a migrated database`);
  expect(again.lines.some((line) => line["msg"] === "migrated the schema")).toBe(false);
  expect(await again.stop()).toBe(0);
});

test("the tables are as the contract says", async () => {
  const database = await createDatabase(stores.postgresPort);
  const service = await startService(serviceEnv(stores, database));
  const query = (text: string) => sql(stores.postgresPort, database, text);
  const [partitioned] = await query("SELECT pg_get_partkeydef('audit_events'::regclass) AS key");
  expect(partitioned?.["key"]).toBe("RANGE (event_date)");
  const indexes = await query(
    "SELECT indexdef FROM pg_indexes WHERE tablename IN ('audit_events', 'remediation_workflow_catalog')",
  );
  const text = indexes.map((row) => row["indexdef"]).join("\n");
  for (const part of [
    "(event_timestamp DESC",
    "(correlation_id, event_timestamp DESC)",
    "(event_type, event_timestamp DESC)",
    "(resource_type, resource_id)",
    "gin (event_data)",
    "gin (labels)",
    "gin (custom_labels)",
    "gin (detected_labels)",
    "(workflow_name, version)",
  ]) {
    expect(text).toContain(part);
  }
  await expect(
    query(`INSERT INTO remediation_workflow_catalog
      (workflow_id, workflow_name, version, name, description, content, content_hash, execution_engine, status)
      VALUES (gen_random_uuid(), 'a', '1', 'a', 'a', 'a', 'a', 'tekton', 'unknown')`),
  ).rejects.toThrow(/remediation_workflow_catalog_status/);
  await service.stop();
});
