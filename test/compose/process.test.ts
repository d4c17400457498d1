import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { loadStack } from "../../src/load/load.ts";
import { up } from "../../src/run/start/up.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function stackOf(files: Readonly<Record<string, string>>) {
  const dir = await mkdtemp(join(tmpdir(), "rollcall-compose-"));
  cleanups.push(() => rm(dir, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
  return loadStack(dir, { cwd: dir, env: {} });
}

test("known images run as processes, with their passwords, settings and init scripts", async () => {
  const stack = await stackOf({
    "compose.yaml": `services:
  db:
    image: postgres:16
    command: postgres -c max_connections=33
    environment: {POSTGRES_USER: app, POSTGRES_PASSWORD: process-secret, POSTGRES_DB: shop}
    volumes: ["./init.sql:/docker-entrypoint-initdb.d/init.sql:ro", "data:/var/lib/postgresql/data"]
  cache: {image: "redis:7", command: redis-server --requirepass cache-secret --maxmemory 32mb, depends_on: [db]}
volumes: {data: }
`,
    "init.sql": "create table made_by_init (id int);\n",
  });
  const run = await up(stack, { runtime: "process", ports: "free", signal: AbortSignal.timeout(120_000) });
  cleanups.push(() => run.down());
  const { services } = await run.status();
  expect(services.map(({ name, level }) => `${name} ${level}`)).toEqual(["db query", "cache query"]);
  expect(run.env["DB_URL"]).toMatch(/^postgresql:\/\/app:process-secret@127\.0\.0\.1:\d+\/shop/);
  await run.down();
}, 120_000);

test("an image that nobody knows is refused by name before anything starts", async () => {
  const stack = await stackOf({
    "compose.yaml": `services:
  cache: {image: "redis:7"}
  api: {image: acme/api, ports: ["8080"], depends_on: [cache]}
`,
  });
  await expect(up(stack, { runtime: "process" })).rejects.toMatchObject({
    code: "RUNTIME_UNSUITABLE",
    message: expect.stringContaining("api"),
  });
});
