import type { Logger } from "pino";
import { DatabaseFailure } from "../database/failure.ts";
import type { DeadLetter, DeadLetterQueue } from "./dlq.ts";
import type { InsertEvents } from "./store.ts";

const LOOK_EVERY_MS = 500;
const AT_ONCE = 200;
/** After that many refusals of its data a message is moved out of the way. */
const MAX_TRIES = 5;

interface WorkerOptions {
  readonly queue: DeadLetterQueue;
  readonly insert: InsertEvents;
  readonly log: Logger;
}

/** Writes the queue's events back once PostgreSQL answers again. @returns a function that stops it. */
export function startWorker(options: WorkerOptions): () => Promise<void> {
  let stopped = false;
  let wake = () => {};
  const nap = () =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LOOK_EVERY_MS);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const loop = async () => {
    while (!stopped) {
      const busy = await drainSome(options);
      if (!busy && !stopped) await nap();
    }
  };
  const done = loop();
  return () => {
    stopped = true;
    wake();
    return done;
  };
}

/** @returns true when there may be more to do right now. Never rejects. */
async function drainSome({ queue, insert, log }: WorkerOptions): Promise<boolean> {
  try {
    const letters = await queue.read(AT_ONCE);
    if (letters.length === 0) return false;
    const readable = letters.filter((letter) => letter.message !== undefined);
    for (const letter of letters)
      if (letter.message === undefined) await bury(queue, letter, "unreadable", log);
    const refused = await writeBack(insert, readable);
    const failed = new Set(refused.map(({ letter }) => letter));
    await queue.remove(readable.filter((letter) => !failed.has(letter)));
    for (const { letter, error } of refused) {
      if ((letter.message?.retry_count ?? 0) + 1 >= MAX_TRIES) await bury(queue, letter, error, log);
      else await queue.retryLater(letter, error);
    }
    if (readable.length > refused.length) {
      log.info({ events: readable.length - refused.length }, "wrote dead-letter events back");
    }
    return readable.length > refused.length;
  } catch (error) {
    log.debug({ err: (error as Error).message }, "the dead-letter stream has to wait");
    return false;
  }
}

interface Refused {
  readonly letter: DeadLetter;
  readonly error: string;
}

/** All at once, or one by one when PostgreSQL refuses some of them. @throws DatabaseFailure when it is away. */
async function writeBack(insert: InsertEvents, letters: readonly DeadLetter[]): Promise<Refused[]> {
  const payloads = letters.flatMap(({ message }) => message?.payload ?? []);
  if (payloads.length === 0) return [];
  try {
    await insert(payloads);
    return [];
  } catch (error) {
    if (isAway(error)) throw error;
  }
  const refused: Refused[] = [];
  for (const letter of letters) {
    try {
      if (letter.message !== undefined) await insert([letter.message.payload]);
    } catch (error) {
      if (isAway(error)) throw error;
      refused.push({ letter, error: (error as Error).message });
    }
  }
  return refused;
}

function isAway(error: unknown): boolean {
  if (error instanceof DatabaseFailure) return error.kind === "unavailable" || error.kind === "other";
  return false;
}

async function bury(queue: DeadLetterQueue, letter: DeadLetter, error: string, log: Logger): Promise<void> {
  await queue.bury(letter, error);
  log.error(
    { id: letter.id, err: error, event_id: letter.message?.payload.event_id },
    "moved an event to the dead stream",
  );
}
