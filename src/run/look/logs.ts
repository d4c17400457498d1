import { setTimeout as delay } from "node:timers/promises";
import { readLogFrom } from "../../conductor/log-tail.ts";
import { stackMask } from "../../journal/mask-event.ts";
import type { Stack } from "../../stack/types.ts";
import { LineReader } from "../../util/line-reader.ts";
import type { Mask } from "../../util/mask.ts";
import { shown } from "../../util/shown.ts";
import { findLiveRun, findNewestRun } from "../state/find.ts";
import { logFileOf } from "../state/folders.ts";
import { readRecord } from "../state/record.ts";
import { hasEnded } from "../state/users.ts";
import { type LiveLogs, liveLogs } from "./live-logs.ts";

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
  for (const reader of readers)
    await (options.tail === undefined ? reader.readOn() : reader.readTail(options.tail));
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
  readonly #mask: Mask;
  readonly #onLine: LookAtLogs["onLine"];
  readonly #lines = new LineReader();
  #offset = 0;

  constructor(service: string, dir: string, stack: Stack, onLine: LookAtLogs["onLine"]) {
    this.#service = service;
    this.#file = logFileOf(dir, service);
    this.#mask = stackMask(stack);
    this.#onLine = onLine;
  }

  /** Everything that was written since, line by line. */
  async readOn(): Promise<void> {
    await this.#each((line) => this.#show(line));
  }

  /** The same, but only the last lines. */
  async readTail(count: number): Promise<void> {
    const last: string[] = [];
    await this.#each((line) => {
      last.push(line);
      // Now and then is enough: a cut at every line would move all of them each time.
      if (last.length > 2 * count) last.splice(0, last.length - count);
    });
    for (const line of last.slice(Math.max(0, last.length - count))) this.#show(line);
  }

  /** What never got its line feed. */
  finish(): void {
    const rest = this.#lines.end();
    if (rest !== undefined) this.#show(rest);
  }

  async #each(take: (line: string) => void): Promise<void> {
    for (;;) {
      const bytes = await readLogFrom(this.#file, this.#offset);
      if (bytes.length === 0) return;
      this.#offset += bytes.length;
      for (const line of this.#lines.read(bytes)) take(line);
    }
  }

  #show(line: string): void {
    this.#onLine(this.#service, shown(line, this.#mask));
  }
}
