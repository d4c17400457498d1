import type { EventBody, EventSink, RunEvent } from "../journal/events.ts";
import { type Journal, openJournal } from "../journal/journal.ts";
import { stackMask } from "../journal/mask-event.ts";
import type { Stack } from "../stack/types.ts";
import { journalFileOf } from "./folders.ts";

export interface RunJournal {
  readonly journal: Journal;
  /** Into the journal, and to whoever called. */
  readonly emit: (body: EventBody) => RunEvent;
}

/** The journal of a run, new or to be continued, with the secrets of the stack masked. */
export function openRunJournal(dir: string, stack: Stack, onEvent: EventSink | undefined): RunJournal {
  const journal = openJournal(journalFileOf(dir), { mask: stackMask(stack) });
  const emit = (body: EventBody): RunEvent => {
    const event = journal.emit(body);
    try {
      onEvent?.(event);
    } catch {
      // A reader's mistake must not break the run.
    }
    return event;
  };
  return { journal, emit };
}
