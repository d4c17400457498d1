import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, expect, test } from "vitest";
import { usePrograms } from "./programs.ts";
import { ask, useSmallStack } from "./small-stack.ts";

const run = useSmallStack("db");
const programs = usePrograms();
const db = () => run().service("db");
let service: ChildProcess | undefined;

afterAll(async () => {
  if (service === undefined || service.exitCode !== null) return;
  service.kill("SIGKILL");
  await once(service, "exit");
});

async function startService(): Promise<string> {
  service = spawn(process.execPath, [programs.file("service"), db().url()], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (service.stdout === null) throw new Error("no output");
  const [port] = await once(service.stdout, "data");
  return `http://127.0.0.1:${String(port).trim()}`;
}

test("a service that holds connections goes on working while the template is made and after resets", async () => {
  const url = await startService();
  const count = async () => {
    const response = await fetch(url);
    return response.ok ? Number(await response.text()) : undefined;
  };
  expect(await count()).toBe(3);

  await db().pool({ size: 1 });
  // The connections that it held are gone, and its pool opens others: no look but the first may fail.
  await expect.poll(count, { timeout: 30_000 }).toBe(3);
  await using database = await db().database();
  expect(await ask(database.url, "SELECT count(*)::int FROM items")).toEqual([[3]]);

  await fetch(url, { method: "POST" });
  expect(await count()).toBe(4);
  await db().reset();
  await expect.poll(count, { timeout: 30_000 }).toBe(3);
  await expect.poll(async () => (await fetch(url, { method: "POST" })).ok, { timeout: 30_000 }).toBe(true);
  await db().reset();
  await expect.poll(count, { timeout: 30_000 }).toBe(3);
});
