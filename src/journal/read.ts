import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { RollcallError } from "../errors/rollcall-error.ts";
import type { EventBody, RunEvent } from "./events.ts";

/** What every event of a type must hold for its readers. */
const requiredKeys: Readonly<Record<EventBody["type"], readonly string[]>> = {
  "run.started": ["run", "stack", "name", "runtime", "order", "deadlineMs", "steps"],
  note: ["text"],
  "ports.allotted": ["ports"],
  "prepare.started": ["service"],
  "prepare.progress": ["service", "text"],
  "prepare.done": ["service", "tookMs"],
  "start.requested": ["service", "because"],
  "start.done": ["service", "incarnation", "tookMs"],
  "probe.observed": ["service", "observed", "attempt"],
  "gate.opened": ["service", "level", "observed", "incarnation", "attempts", "tookMs"],
  "service.exited": ["service", "exit", "expected"],
  "service.failed": ["service", "error"],
  "service.notStarted": ["service", "because"],
  "run.ready": ["tookMs"],
  "run.attached": ["pid"],
  "run.failed": ["error", "kept"],
  "stop.requested": ["service", "signal", "graceMs"],
  "stop.done": ["service", "exit", "tookMs"],
  "run.stopping": ["because"],
  audit: ["leftovers"],
  "run.stopped": ["tookMs"],
};

export interface ReadJournal {
  readonly events: RunEvent[];
  /** The last line was cut off: its writer was killed or the disk was full. The events before it are whole. */
  readonly cutOff: boolean;
  /** Bytes that hold whole lines. */
  readonly wholeBytes: number;
}

/** The events of a journal; a cut-off last line is left out. Throws STATE_INVALID with the number of a bad line. */
export async function readJournal(file: string): Promise<RunEvent[]> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    throw notReadable(file, cause);
  }
  try {
    if (!(await handle.stat()).isFile()) throw invalid(file, "it is not a plain file");
    return parseJournal(await handle.readFile("utf8"), file).events;
  } finally {
    await handle.close();
  }
}

/** The events in a journal's text. */
export function parseJournal(text: string, file: string): ReadJournal {
  const lines = text.split("\n");
  const rest = lines.pop() ?? "";
  const events = lines.map((line, index) => {
    const event = parseEvent(line);
    if (event === undefined) throw invalid(file, `line ${index + 1} is not an event: ${excerpt(line)}`);
    return event;
  });
  return { events, cutOff: rest !== "", wholeBytes: Buffer.byteLength(text) - Buffer.byteLength(rest) };
}

function parseEvent(line: string): RunEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  return isEvent(value) ? value : undefined;
}

function isEvent(value: unknown): value is RunEvent {
  if (typeof value !== "object" || value === null) return false;
  const { type, seq, atMs, time } = value as Record<string, unknown>;
  if (!Number.isInteger(seq) || typeof atMs !== "number" || typeof time !== "string") return false;
  if (typeof type !== "string" || !Object.hasOwn(requiredKeys, type)) return false;
  return requiredKeys[type as EventBody["type"]].every((key) => Object.hasOwn(value, key));
}

function excerpt(line: string): string {
  return JSON.stringify(line.length > 80 ? `${line.slice(0, 80)}…` : line);
}

export function notReadable(file: string, cause: unknown): RollcallError {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "ELOOP")
    return invalid(file, "it is a symbolic link, and nothing is read or written through one");
  return invalid(file, cause instanceof Error ? cause.message : String(cause));
}

export function invalid(file: string, why: string): RollcallError {
  return new RollcallError("STATE_INVALID", {
    message: `The journal ${file} cannot be used: ${why}.`,
    hint: "Expected one event a line as rollcall wrote it. Remove the run's folder once nothing of it runs.",
  });
}
