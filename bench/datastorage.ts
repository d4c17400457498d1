/**
 * How many clients DataStorage serves, and how fast: `npx jiti bench/datastorage.ts [clients] [seconds]`.
 * Every client searches and writes audit events in turn on a kept connection; any answer but 200 or 201 is an error.
 */
import { execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createPostgres, createRedisServer } from "../stacks/hapi/services/datastorage/test/rig/stores.ts";

const clients = Number(process.argv[2] ?? 200);
const seconds = Number(process.argv[3] ?? 30);
const folder = await mkdtemp(join(tmpdir(), "datastorage-bench-"));
const builder = fileURLToPath(new URL("../stacks/hapi/services/datastorage/build.mjs", import.meta.url));
execFileSync(process.execPath, [builder, folder]);
const [postgres, redis] = await Promise.all([createPostgres(), createRedisServer()]);
const service = spawn(process.execPath, [join(folder, "main.js")], {
  stdio: ["ignore", "pipe", "inherit"],
  env: {
    DB_HOST: "127.0.0.1",
    DB_PORT: String(postgres.port),
    DB_NAME: "postgres",
    DB_USER: "postgres",
    DB_PASSWORD: "none",
    REDIS_HOST: "127.0.0.1",
    REDIS_PORT: String(redis.port),
    LOG_LEVEL: "warn",
    LISTEN_HOST: "127.0.0.1",
    PORT: "18999",
    METRICS_PORT: "0",
  },
});
createInterface({ input: service.stdout }).on("line", (line) => console.error(line));
const agent = new Agent({ keepAlive: true, maxSockets: clients });

function send(path: string, body: unknown): Promise<{ status: number; text: string }> {
  const payload = JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(payload) };
    const sent = request(
      { host: "127.0.0.1", port: 18999, path, method: "POST", agent, headers },
      (response) => {
        let text = "";
        response.on("data", (chunk) => {
          text += String(chunk);
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
        response.on("error", reject);
      },
    );
    sent.on("error", reject);
    sent.end(payload);
  });
}

const labels = {
  signal_type: "OOMKilled",
  severity: "critical",
  component: "pod",
  environment: "production",
  priority: "P0",
};

async function seed(): Promise<void> {
  for (let n = 0; n < 50; n++) {
    const answer = await send("/api/v1/workflows", {
      workflow_name: `workflow-${n}`,
      version: "1.0.0",
      name: `Workflow ${n}`,
      description: "Raises the memory limit of the container that was killed.",
      content: "kind: Pipeline",
      content_hash: "a".repeat(64),
      labels: n % 5 === 0 ? labels : { ...labels, signal_type: `Other${n}` },
      detected_labels: { stateful: n % 2 === 0 },
      execution_engine: "tekton",
      status: "active",
    });
    if (answer.status !== 201) throw new Error(answer.text);
  }
}

interface Kind {
  readonly name: string;
  readonly path: string;
  readonly status: number;
  readonly body: () => unknown;
  readonly timesMs: number[];
}

const kinds: readonly Kind[] = [
  {
    name: "search",
    path: "/api/v1/workflows/search",
    status: 200,
    body: () => ({ filters: { ...labels, detected_labels: { stateful: true } } }),
    timesMs: [],
  },
  {
    name: "audit write",
    path: "/api/v1/audit/events",
    status: 201,
    body: () => ({
      version: "1.0",
      event_type: "gateway.signal.received",
      event_timestamp: new Date().toISOString(),
      event_category: "gateway",
      event_action: "received",
      event_outcome: "success",
      correlation_id: randomUUID(),
      event_data: { signal: "OOMKilled", pod: "payments-1" },
    }),
    timesMs: [],
  },
];
const errors: string[] = [];

async function client(until: number, first: number): Promise<void> {
  for (let n = first; performance.now() < until; n++) {
    const kind = kinds[n % kinds.length];
    if (kind === undefined) return;
    const started = performance.now();
    try {
      const { status, text } = await send(kind.path, kind.body());
      if (status === kind.status) kind.timesMs.push(performance.now() - started);
      else errors.push(`${kind.name}: ${status} ${text.slice(0, 200)}`);
    } catch (error) {
      errors.push(`${kind.name}: ${String(error)}`);
    }
  }
}

function percentile(sorted: readonly number[], part: number): string {
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(1);
}

try {
  for (let up = false; !up; ) {
    up = await send("/health/live", {}).then(
      () => true,
      () => new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 20)),
    );
  }
  await seed();
  const until = performance.now() + seconds * 1000;
  await Promise.all(Array.from({ length: clients }, (_, index) => client(until, index)));
  console.log(`${clients} clients, ${seconds} s`);
  for (const { name, timesMs } of kinds) {
    const sorted = timesMs.sort((a, b) => a - b);
    const rate = Math.round(sorted.length / seconds);
    console.log(
      `${name.padEnd(12)} ${String(rate).padStart(6)}/s  p50 ${percentile(sorted, 0.5)} ms  p99 ${percentile(sorted, 0.99)} ms  max ${percentile(sorted, 1)} ms`,
    );
  }
  console.log(`errors: ${errors.length}`);
  for (const error of errors.slice(0, 5)) console.log(`  ${error}`);
  process.exitCode = errors.length === 0 ? 0 : 1;
} finally {
  agent.destroy();
  service.kill("SIGTERM");
  if (service.exitCode === null) await once(service, "exit");
  await Promise.all([postgres.remove(), redis.remove(), rm(folder, { recursive: true, force: true })]);
}
