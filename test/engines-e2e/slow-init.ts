import { readFileSync } from "node:fs";
import { expect } from "vitest";
import type { RunEvent } from "../../src/journal/events.ts";
import { rollcall, type Scene } from "./scene.ts";
import { postgresImage } from "./units.ts";

const initSeconds = 6;

/**
 * Starts a stack so many times, some at once, whose PostgreSQL has a slow init phase with a temporary server, and
 * whose dependant connects at once and dies if PostgreSQL is not there. Counts the starts in which all was right.
 */
export async function slowInitStarts(scene: Scene, count: number, atOnce: number): Promise<number> {
  const stack = await scene.define({
    db: {
      recipe: "postgres",
      user: "app",
      password: "pass-of-app",
      database: "app",
      env: { SLOW_INIT_SECONDS: String(initSeconds) },
      budget: "120s",
    },
    dependant: {
      image: postgresImage,
      command: ["sh", "-c", "psql -Atc \"SELECT 'is there'\" && exec sleep 600"],
      env: { PGHOST: "${db.host}", PGPORT: "${db.port}", PGUSER: "app", PGPASSWORD: "pass-of-app" },
      after: ["db"],
      ready: { log: "is there" },
      budget: "120s",
      stop: { signal: "SIGKILL" },
    },
  });
  let begun = 0;
  let right = 0;
  const worker = async () => {
    while (begun < count) {
      begun += 1;
      await startOnce(scene, stack, `run-${begun}`);
      right += 1;
    }
  };
  const outcomes = await Promise.allSettled(Array.from({ length: atOnce }, worker));
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  return right;
}

async function startOnce(scene: Scene, stack: Parameters<Scene["up"]>[0], name: string): Promise<void> {
  const events: RunEvent[] = [];
  const onEvent = (event: RunEvent) => void events.push(event);
  const starting = scene.up(stack, { name, ports: "free", timeoutMs: 240_000, onEvent });
  const run = await starting.catch((error: unknown) => {
    if (!(error instanceof rollcall.RollcallError)) throw error;
    const { message, logTail } = error.report;
    throw new Error([`${name}: ${message}`, ...logTail].join("\n"), { cause: error });
  });
  try {
    const [db] = (await run.status()).services;
    expect(db?.readyMs, "ready before its init phase was over").toBeGreaterThanOrEqual(initSeconds * 1000);
    expect(await run.service("db").logs()).toContain("init process complete");
    const seq = (type: RunEvent["type"], service: string) =>
      events.find((event) => event.type === type && "service" in event && event.service === service)?.seq ??
      -1;
    expect(seq("start.requested", "dependant")).toBeGreaterThan(seq("gate.opened", "db"));
    const journal = readFileSync(`${run.dir}/journal.ndjson`, "utf8").trim().split("\n");
    expect(rollcall.verifyJournal(journal.map((line) => JSON.parse(line)))).toEqual([]);
  } finally {
    await run.down();
  }
}
