import type { EventSink } from "../../journal/events.ts";
import { stackMask } from "../../journal/mask-event.ts";
import { lockRun, throwIfInterrupted } from "../lock/lock-request.ts";
import { resolveStack, type StackInput } from "../resolve-stack.ts";
import { openJournalToEnd } from "../run-journal.ts";
import { findLiveRun, realStackDir } from "../state/find.ts";
import { takeDown } from "./take-down.ts";

export interface DownOptions {
  /** @default the stack's name */
  readonly name?: string;
  /** Ends the wait for another command; what has begun to be taken down is taken down. */
  readonly signal?: AbortSignal;
  /** Aborting it ends everything at once, without grace. */
  readonly now?: AbortSignal;
  readonly onEvent?: EventSink;
}

/**
 * Takes the run of this stack and name down, whoever brought it up: stops in reverse order, removes, audits.
 * Throws STOP_FAILED naming what is left, STATE_INVALID, or the signal's reason.
 */
export async function down(
  input: StackInput,
  options: DownOptions = {},
): Promise<{ readonly was: "up" | "absent" }> {
  const stack = resolveStack(input);
  const name = options.name ?? stack.name;
  const { onEvent, now } = options;
  throwIfInterrupted(options.signal);
  const lock = await lockRun({
    stackDir: realStackDir(stack.dir),
    name,
    doing: "taking this stack down",
    signal: options.signal ?? new AbortController().signal,
    onWait: ({ pid, doing }) =>
      onEvent?.({
        type: "note",
        text: `waiting for process ${pid}, which is ${doing}`,
        seq: 0,
        atMs: 0,
        time: new Date().toISOString(),
      }),
  });
  try {
    const found = await findLiveRun(stack, name);
    if (found === undefined) return { was: "absent" };
    const { journal, emit } = openJournalToEnd(found.dir, { mask: stackMask(stack), onEvent });
    try {
      await takeDown({ ...found, emit, because: "it was asked for", manner: "polite", now });
    } finally {
      await journal.close();
    }
    return { was: "up" };
  } finally {
    await lock.release();
  }
}
