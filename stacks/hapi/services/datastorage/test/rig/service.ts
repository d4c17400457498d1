import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";
import { endChild } from "./child.ts";
import { type Client, createClient } from "./client.ts";

const PROGRAM = inject("program");

export interface Stores {
  readonly postgresPort: number;
  readonly redisPort: number;
}

export type Env = Readonly<Record<string, string | undefined>>;

export interface Ended {
  readonly code: number | string | null;
  readonly stderr: string;
  readonly elapsedMs: number;
}

export interface RunningService {
  readonly url: string;
  readonly metricsUrl: string;
  readonly client: Client;
  readonly child: ChildProcess;
  /** From spawn to the line that says it listens. */
  readonly listeningAfterMs: number;
  /** What it logged, parsed. */
  readonly lines: Record<string, unknown>[];
  stop(signal?: NodeJS.Signals): Promise<number | string | null>;
}

/** Makes a database of its own. @returns its name */
export async function createDatabase(postgresPort: number): Promise<string> {
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  await sql(postgresPort, "postgres", `CREATE DATABASE ${name}`);
  return name;
}

export async function sql<Row extends object = Record<string, unknown>>(
  port: number,
  database: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ host: "127.0.0.1", port, user: "postgres", database });
  await client.connect();
  try {
    return (await client.query<Row>(text, [...values])).rows;
  } finally {
    await client.end();
  }
}

export function serviceEnv({ postgresPort, redisPort }: Stores, database: string): Record<string, string> {
  return {
    DB_HOST: "127.0.0.1",
    DB_PORT: String(postgresPort),
    DB_NAME: database,
    DB_USER: "postgres",
    DB_PASSWORD: "test_password",
    REDIS_HOST: "127.0.0.1",
    REDIS_PORT: String(redisPort),
    LOG_LEVEL: "INFO",
    LISTEN_HOST: "127.0.0.1",
    PORT: "0",
    METRICS_PORT: "0",
  };
}

/** Runs the program to its end. */
export function runToEnd(env: Env): Promise<Ended> {
  const started = performance.now();
  const child = spawn(process.execPath, [PROGRAM], { env: { ...env }, stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr?.on("data", (chunk) => {
    stderr += String(chunk);
  });
  return new Promise((resolve) => {
    child.on("close", (code, by) =>
      resolve({ code: code ?? by, stderr, elapsedMs: performance.now() - started }),
    );
  });
}

/** Starts the program and returns when it listens. */
export async function startService(env: Env): Promise<RunningService> {
  const started = performance.now();
  const child = spawn(process.execPath, [PROGRAM], { env: { ...env }, stdio: ["ignore", "pipe", "inherit"] });
  const lines: Record<string, unknown>[] = [];
  let rest = "";
  const listening = await new Promise<Record<string, unknown>>((resolve, reject) => {
    child.on("exit", (code) =>
      reject(new Error(`the service ended with ${String(code)} before it listened`)),
    );
    child.stdout?.on("data", (chunk) => {
      const parts = (rest + String(chunk)).split("\n");
      rest = parts.pop() ?? "";
      for (const part of parts) {
        const line = JSON.parse(part) as Record<string, unknown>;
        lines.push(line);
        if (line["level"] === "error") console.error(part);
        if (line["msg"] === "listening") resolve(line);
      }
    });
  });
  const listeningAfterMs = performance.now() - started;
  const url = `http://127.0.0.1:${String(listening["port"])}`;
  return {
    url,
    metricsUrl: `http://127.0.0.1:${String(listening["metricsPort"])}`,
    client: await createClient(url),
    child,
    listeningAfterMs,
    lines,
    stop: (signal = "SIGTERM") => endChild(child, signal),
  };
}
