import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";
import { createPostgres, createRedisServer } from "./stores.ts";

declare module "vitest" {
  interface ProvidedContext {
    readonly program: string;
    readonly postgresPort: number;
    readonly redisPort: number;
  }
}

/** The program is built once, one PostgreSQL and one Redis serve all files; those that stop stores have their own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "datastorage-program-"));
  execFileSync(process.execPath, [fileURLToPath(new URL("../../build.mjs", import.meta.url)), folder], {
    stdio: "inherit",
  });
  const [postgres, redis] = await Promise.all([createPostgres(), createRedisServer()]);
  project.provide("program", join(folder, "main.js"));
  project.provide("postgresPort", postgres.port);
  project.provide("redisPort", redis.port);
  return async () => {
    await Promise.all([postgres.remove(), redis.remove(), rm(folder, { recursive: true, force: true })]);
  };
}
