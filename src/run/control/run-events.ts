import type { RunEvent } from "../../journal/events.ts";
import type { Journal } from "../../journal/journal.ts";

/** All events so far, then each as it happens, until the run has stopped or `ended` resolves. */
export async function* followEvents(journal: Journal, ended: Promise<unknown>): AsyncGenerator<RunEvent> {
  const waiting: RunEvent[] = [];
  let wake = () => {};
  let over = false;
  const end = () => {
    over = true;
    wake();
  };
  const unsubscribe = journal.subscribe((event) => {
    waiting.push(event);
    if (event.type === "run.stopped") over = true;
    wake();
  });
  void ended.then(end, end);
  try {
    for (;;) {
      const next = waiting.shift();
      if (next !== undefined) yield next;
      else if (over) return;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    unsubscribe();
  }
}
