import type { Redis } from "ioredis";
import { parseJson, stringifyJson } from "../json.ts";
import type { Metrics } from "../metrics.ts";
import type { AuditEvent } from "./event.ts";

export const EVENTS_STREAM = "audit:dlq:events";
/** Where messages end that PostgreSQL will never take. */
export const DEAD_STREAM = "audit:dlq:dead";
const MAX_LENGTH = 10_000;
/** Only the one who removes an entry may add it again: several instances work on the same stream. */
const MOVE = `if redis.call("XDEL", KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call("XADD", KEYS[2], "MAXLEN", "~", ARGV[3], "*", "message", ARGV[2])
return 1`;
const MESSAGE_TYPE = "audit_event";

export interface DeadLetter {
  readonly id: string;
  /** The message as it stands in the stream. */
  readonly text: string;
  /** Undefined when the message cannot be read. */
  readonly message: DeadLetterMessage | undefined;
}

export interface DeadLetterMessage {
  readonly type: string;
  readonly payload: AuditEvent;
  readonly timestamp: string;
  readonly retry_count: number;
  readonly last_error: string;
}

/** The stream that keeps events while PostgreSQL is away. */
export interface DeadLetterQueue {
  /** All or none. @throws when Redis does not take them. */
  add(events: readonly AuditEvent[], error: string): Promise<void>;
  /** The oldest ones. */
  read(count: number): Promise<DeadLetter[]>;
  remove(letters: readonly DeadLetter[]): Promise<void>;
  /** Puts a letter back at the end with one more try counted. */
  retryLater(letter: DeadLetter, error: string): Promise<void>;
  /** Moves a letter to the dead stream. */
  bury(letter: DeadLetter, error: string): Promise<void>;
  /** Brings the gauges up to date; keeps the last values while Redis is away. */
  measure(): Promise<void>;
}

export function createDeadLetterQueue(redis: Redis, metrics: Metrics): DeadLetterQueue {
  const put = (stream: string, text: string) => [
    "xadd",
    stream,
    "MAXLEN",
    "~",
    String(MAX_LENGTH),
    "*",
    "message",
    text,
  ];
  const all = async (commands: string[][]) => {
    const results = await redis.multi(commands).exec();
    const failed = results?.find(([error]) => error !== null);
    if (results === null || failed !== undefined)
      throw failed?.[0] ?? new Error("the transaction was dropped");
  };
  const move = async (letter: DeadLetter, stream: string, text: string) => {
    const moved = await redis.eval(MOVE, 2, EVENTS_STREAM, stream, letter.id, text, MAX_LENGTH);
    if (moved === 0) return;
    metrics.dlqEnqueued.inc({ stream, type: letter.message?.type ?? "unreadable" });
  };

  return {
    async add(events, error) {
      const timestamp = new Date().toISOString();
      await all(
        events.map((payload) => {
          const message: DeadLetterMessage = {
            type: MESSAGE_TYPE,
            payload,
            timestamp,
            retry_count: 0,
            last_error: error,
          };
          return put(EVENTS_STREAM, stringifyJson(message));
        }),
      );
      metrics.dlqEnqueued.inc({ stream: EVENTS_STREAM, type: MESSAGE_TYPE }, events.length);
    },
    async read(count) {
      const entries = await redis.xrange(EVENTS_STREAM, "-", "+", "COUNT", count);
      return entries.map(([id, fields]) => toLetter(id, fields));
    },
    async remove(letters) {
      if (letters.length > 0) await redis.xdel(EVENTS_STREAM, ...letters.map(({ id }) => id));
    },
    async retryLater(letter, error) {
      const { message } = letter;
      if (message === undefined) return;
      const next = { ...message, retry_count: message.retry_count + 1, last_error: error };
      await move(letter, EVENTS_STREAM, stringifyJson(next));
    },
    async bury(letter, error) {
      const { message } = letter;
      await move(
        letter,
        DEAD_STREAM,
        message === undefined ? letter.text : stringifyJson({ ...message, last_error: error }),
      );
    },
    async measure() {
      for (const stream of [EVENTS_STREAM, DEAD_STREAM]) {
        const depth = await redis.xlen(stream).catch(() => undefined);
        if (depth !== undefined) metrics.dlqDepth.set({ stream }, depth);
      }
    },
  };
}

function toLetter(id: string, fields: readonly string[]): DeadLetter {
  const text = fields[fields.indexOf("message") + 1] ?? "";
  try {
    const message = parseJson(text) as DeadLetterMessage;
    const readable = typeof message?.payload?.event_id === "string" && Number.isInteger(message.retry_count);
    return { id, text, message: readable ? message : undefined };
  } catch {
    return { id, text, message: undefined };
  }
}
