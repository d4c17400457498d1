import type { TestProject } from "vitest/node";
import { createPostgres, createRedisServer } from "./stores.ts";

declare module "vitest" {
  interface ProvidedContext {
    readonly postgresPort: number;
    readonly redisPort: number;
  }
}

/** The program is built once, one PostgreSQL and one Redis serve all files; those that stop stores have their own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await import("../../build.mjs" as string);
  const [postgres, redis] = await Promise.all([createPostgres(), createRedisServer()]);
  project.provide("postgresPort", postgres.port);
  project.provide("redisPort", redis.port);
  return async () => {
    await Promise.all([postgres.remove(), redis.remove()]);
  };
}
