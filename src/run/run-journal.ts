import type { EventBody, EventSink, RunEvent } from "../journal/events.ts";
import { type Journal, openJournal } from "../journal/journal.ts";
import { maskEvent, stackMask } from "../journal/mask-event.ts";
import type { Stack } from "../stack/types.ts";
import type { Mask } from "../util/mask.ts";
import { journalFileOf } from "./state/folders.ts";

type Writing = Pick<Journal, "emit" | "close">;

export interface RunJournal<Kind extends Writing = Journal> {
  readonly journal: Kind;
  /** Into the journal, and to whoever called. */
  readonly emit: (body: EventBody) => RunEvent;
}

/** The journal of a run, new or to be continued, with the secrets of the stack masked. */
export function openRunJournal(dir: string, stack: Stack, onEvent: EventSink | undefined): RunJournal {
  const journal = openJournal(journalFileOf(dir), { mask: stackMask(stack) });
  return { journal, emit: telling(journal, onEvent) };
}

interface Ending {
  readonly mask: Mask;
  readonly onEvent?: EventSink | undefined;
}

/** The journal of a run that is to be ended: one that cannot be opened is no reason to leave anything running. */
export function openJournalToEnd(dir: string, { mask, onEvent }: Ending): RunJournal<Writing> {
  const { journal, problem } = openOrDoWithout(dir, mask);
  const emit = telling(journal, onEvent);
  if (problem !== undefined) emit({ type: "note", text: problem });
  return { journal, emit };
}

function openOrDoWithout(dir: string, mask: Mask): { readonly journal: Writing; readonly problem?: string } {
  try {
    return { journal: openJournal(journalFileOf(dir), { mask }) };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { journal: withoutFile(mask), problem };
  }
}

function withoutFile(mask: Mask): Writing {
  return {
    emit: (body) => ({ seq: 0, atMs: 0, time: new Date().toISOString(), ...maskEvent(body, mask) }),
    close: async () => {},
  };
}

function telling(journal: Writing, onEvent: EventSink | undefined) {
  return (body: EventBody): RunEvent => {
    const event = journal.emit(body);
    try {
      onEvent?.(event);
    } catch {
      // A reader's mistake must not break the run.
    }
    return event;
  };
}
