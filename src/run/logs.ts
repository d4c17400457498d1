import { setTimeout as delay } from "node:timers/promises";
import { readLogFrom } from "../conductor/log-tail.ts";
import { stackMask } from "../journal/mask-event.ts";
import type { Stack } from "../stack/types.ts";
import { visible } from "../util/visible.ts";
import { findLiveRun, findNewestRun } from "./find.ts";
import { logFileOf } from "./folders.ts";
import { type LiveLogs, liveLogs } from "./live-logs.ts";
import { readRecord } from "./record.ts";
import { hasEnded } from "./users.ts";

export interface LookAtLogs {
  /** @default the stack's name */
  readonly name?: string;
  readonly services: readonly string[];
  /** Go on as they write, until the run ends or the signal is aborted. @default false */
  readonly follow?: boolean;
  /** Only so many last lines of each. @default all */
  readonly tail?: number;
  readonly signal?: AbortSignal;
  /** One whole line, secrets masked, safe to show. */
  readonly onLine: (service: string, line: string) => void;
}

/** Files say nothing when they grow over a network or in a container's layer: looking is what works everywhere. */
const followIntervalMs = 150;

/** What the services of the run wrote, or those of the newest run that has ended; false: there is none. */
export async function lookAtLogs(stack: Stack, options: LookAtLogs): Promise<boolean> {
  const name = options.name ?? stack.name;
  const found = (await findLiveRun(stack, name)) ?? (await findNewestRun(stack, name));
  if (found === undefined) return false;
  const live = await liveLogs(found, options.services);
  try {
    await show(found.dir, stack, live, options);
  } finally {
    await live.close();
  }
  return true;
}

async function show(dir: string, stack: Stack, live: LiveLogs, options: LookAtLogs): Promise<void> {
  await live.catchUp();
  const readers = options.services.map((service) => new LogReader(service, dir, stack, options.onLine));
  for (const reader of readers) await reader.readOn(options.tail);
  while (options.follow === true && !options.signal?.aborted) {
    const record = await readRecord(dir);
    for (const reader of readers) await reader.readOn();
    if (record === undefined || hasEnded(record)) break;
    await delay(followIntervalMs, undefined, { signal: options.signal }).catch(() => {});
  }
  for (const reader of readers) reader.finish();
}

class LogReader {
  readonly #service: string;
  readonly #file: string;
  readonly #show: (text: string) => string;
  readonly #onLine: LookAtLogs["onLine"];
  #offset = 0;
  #rest: Buffer = Buffer.alloc(0);

  constructor(service: string, dir: string, stack: Stack, onLine: LookAtLogs["onLine"]) {
    const mask = stackMask(stack);
    this.#service = service;
    this.#file = logFileOf(dir, service);
    this.#show = (text) => mask(visible(mask(text)));
    this.#onLine = onLine;
  }

  /** Everything that was written since, or only its last lines. */
  async readOn(tail?: number): Promise<void> {
    const lines: string[] = [];
    for (;;) {
      const bytes = await readLogFrom(this.#file, this.#offset);
      if (bytes.length === 0) break;
      this.#offset += bytes.length;
      lines.push(...this.#wholeLines(bytes));
      if (tail !== undefined) lines.splice(0, Math.max(0, lines.length - tail));
    }
    for (const line of lines) this.#onLine(this.#service, line);
  }

  /** What never got its line feed. */
  finish(): void {
    if (this.#rest.length > 0) this.#onLine(this.#service, this.#show(this.#rest.toString("utf8")));
    this.#rest = Buffer.alloc(0);
  }

  #wholeLines(bytes: Buffer): string[] {
    const all = Buffer.concat([this.#rest, bytes]);
    const end = all.lastIndexOf(10) + 1;
    this.#rest = all.subarray(end);
    if (end === 0) return [];
    const text = all.subarray(0, end - 1).toString("utf8");
    return text.split("\n").map((line) => this.#show(line.replace(/\r$/, "")));
  }
}
