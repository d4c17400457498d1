import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import type { Mask } from "../util/mask.ts";
import type { EventBody, EventSink, RunEvent, Stamp } from "./events.ts";
import { maskEvent } from "./mask-event.ts";
import { invalid, notReadable, parseJournal } from "./read.ts";

export { readJournal } from "./read.ts";

/** A line that another process is just writing is whole after this time, in milliseconds; else its writer is gone. */
const writingMs = 50;

export interface Journal {
  /** Stamps an event, writes it, tells every reader. Never throws. */
  emit(body: EventBody): RunEvent;
  /** All events so far at once, then each as it happens: none lost, none twice. Returns the way to end it. */
  subscribe(sink: EventSink): () => void;
  /** Why the journal's file is not whole; undefined: it is. */
  readonly failure: string | undefined;
  close(): Promise<void>;
}

/**
 * Opens the journal of a run, a new one or one to be continued: numbers and times go on where they ended.
 * A full disk does not break the run: the file ends there, readers are told once, events go on.
 * Throws STATE_INVALID when the file is a link, not a plain file, or damaged.
 */
export function openJournal(file: string, { mask }: { readonly mask: Mask }): Journal {
  const { descriptor, events } = openFile(file);
  const origin = originOf(events.at(-1));
  const readers = new Set<Reader>();
  let size = fstatSync(descriptor).size;
  let last = events.at(-1);
  let failure: string | undefined;
  let open = true;

  const stamp = (): Stamp => ({
    seq: (last?.seq ?? 0) + 1,
    atMs: Math.max(last?.atMs ?? 0, round(performance.now() - origin)),
    time: new Date().toISOString(),
  });

  /** Another process (one that attaches) may have added lines since. */
  const catchUp = () => {
    if (fstatSync(descriptor).size <= size) return;
    const text = readFrom(descriptor, size);
    const added = parseJournal(text, file);
    size += added.wholeBytes;
    for (const event of added.events) take(event);
  };

  const take = (event: RunEvent) => {
    events.push(event);
    last = event;
    for (const reader of [...readers]) deliver(reader, events);
  };

  /** What a full disk has taken of a line. */
  const takeBack = (line: Buffer) => {
    const begunBytes = fstatSync(descriptor).size - size;
    if (begunBytes > 0 && begunBytes < line.length) ftruncateSync(descriptor, size);
  };

  /** Behind what another process may have written since: then the file tells what came in which order. */
  const write = (event: RunEvent) => {
    const known = events.length;
    const line = Buffer.from(`${JSON.stringify(event)}\n`);
    try {
      writeWhole(descriptor, line);
      if (fstatSync(descriptor).size === size + line.length) size += line.length;
      else attempt(catchUp);
    } catch (cause) {
      failure = cause instanceof Error ? cause.message : String(cause);
      attempt(() => takeBack(line));
    }
    if (events.length === known) take(event);
  };

  const emit = (body: EventBody): RunEvent => {
    const intact = failure === undefined && open;
    const masked = maskEvent(body, mask);
    if (intact) attempt(catchUp);
    const event: RunEvent = { ...stamp(), ...masked };
    if (intact) write(event);
    else take(event);
    if (intact && failure !== undefined) {
      emit({ type: "note", text: `The journal ${file} ends here, it could not be written: ${failure}` });
    }
    return event;
  };

  return {
    emit,
    subscribe(sink) {
      const reader: Reader = { sink, next: 0 };
      readers.add(reader);
      deliver(reader, events);
      return () => {
        readers.delete(reader);
        reader.next = Number.POSITIVE_INFINITY;
      };
    },
    get failure() {
      return failure;
    },
    async close() {
      if (!open) return;
      open = false;
      readers.clear();
      closeSync(descriptor);
    },
  };
}

function openFile(file: string): { descriptor: number; events: RunEvent[] } {
  let descriptor: number;
  try {
    // O_NONBLOCK: opening a planted pipe must fail, not wait.
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW;
    descriptor = openSync(file, flags | constants.O_NONBLOCK, 0o600);
  } catch (cause) {
    throw notReadable(file, cause);
  }
  try {
    if (!fstatSync(descriptor).isFile()) throw invalid(file, "it is not a plain file");
    return { descriptor, events: readWhole(descriptor, file) };
  } catch (thrown) {
    closeSync(descriptor);
    throw thrown;
  }
}

/** The events of a file that ends with a whole line from now on. */
function readWhole(descriptor: number, file: string): RunEvent[] {
  for (let before = -1; ; ) {
    const { size } = fstatSync(descriptor);
    const { events, cutOff, wholeBytes } = parseJournal(readFrom(descriptor, 0), file);
    if (!cutOff) return events;
    if (size === before) {
      ftruncateSync(descriptor, wholeBytes);
      return events;
    }
    before = size;
    pause(writingMs);
  }
}

/** Opening is synchronous, so this is too. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function readFrom(descriptor: number, from: number): string {
  const chunks: Buffer[] = [];
  let position = from;
  for (;;) {
    const chunk = Buffer.alloc(64 * 1024);
    const count = readSync(descriptor, chunk, 0, chunk.length, position);
    if (count === 0) return Buffer.concat(chunks).toString("utf8");
    chunks.push(chunk.subarray(0, count));
    position += count;
  }
}

function writeWhole(descriptor: number, line: Buffer): void {
  for (let written = 0; written < line.length; ) {
    written += writeSync(descriptor, line, written);
  }
}

/** The moment, on the monotonic clock of this process, at which the run began. */
function originOf(last: RunEvent | undefined): number {
  if (last === undefined) return performance.now();
  const sinceLastMs = Math.max(0, Date.now() - Date.parse(last.time)) || 0;
  return performance.now() - last.atMs - sinceLastMs;
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

interface Reader {
  readonly sink: EventSink;
  /** Index of the event that it gets next; a sink that emits sees events in order all the same. */
  next: number;
}

function deliver(reader: Reader, events: readonly RunEvent[]): void {
  for (;;) {
    const event = events[reader.next];
    if (event === undefined) return;
    reader.next += 1;
    attempt(() => reader.sink(event));
  }
}

/** What a reader or a foreign line throws must not break the run. */
function attempt(action: () => void): void {
  try {
    action();
  } catch {}
}
