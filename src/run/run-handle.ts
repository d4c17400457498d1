import { lockRun } from "./lock-request.ts";
import { readRecord, writeRecord } from "./record.ts";
import { followEvents } from "./run-events.ts";
import { createRunScopes } from "./run-scopes.ts";
import { createRunService } from "./run-service.ts";
import { closeSession, type RunSession } from "./session.ts";
import { describeRun } from "./status.ts";
import { takeDown } from "./take-down.ts";
import type { Run, RunRecord } from "./types.ts";
import { hasEnded, livingUsers, withoutUser } from "./users.ts";
import { watchRun } from "./watch-run.ts";

/** What the user of a run holds in hand. */
export function createRun(session: RunSession): Run {
  const { record, dir, instances, journal } = session;
  const watch = watchRun(session);
  for (const [service, instance] of instances) watch.watch(service, instance);
  // A run that was left up needs no guard; nothing else of it keeps this process from ending.
  if (record.stay) session.hold?.dismiss();
  session.hold?.unref();

  const scopes = createRunScopes(session.request.stack);

  let ended = () => {};
  const over = new Promise<void>((resolve) => {
    ended = resolve;
  });
  let downing: Promise<void> | undefined;
  const down = (): Promise<void> => {
    downing ??= (async () => {
      try {
        await watch.stop();
        await scopes.close();
        await leave(session);
      } finally {
        ended();
        await closeSession(session);
      }
    })();
    return downing;
  };

  return {
    id: record.run,
    stack: record.stack,
    name: record.name,
    runtime: record.runtime,
    dir,
    attached: session.attached,
    env: record.env,
    service: (name) => createRunService(name, session, watch, scopes),
    status: async () => {
      await watch.refresh();
      return describeRun((await readRecord(dir)) ?? record, instances, session.place);
    },
    events: () => followEvents(journal, over),
    failed: watch.failed,
    down,
    [Symbol.asyncDispose]: down,
  };
}

/** The last one out takes the run down, unless it is to stay. */
async function leave(session: RunSession): Promise<void> {
  const { request, dir, emit, hold } = session;
  const lock = await lockRun({
    stackDir: request.stackDir,
    name: request.name,
    doing: "taking this stack down",
    signal: request.options.now ?? new AbortController().signal,
    onWait: () => {},
  });
  try {
    // Deleted or damaged: what this process knows of the run is enough to take it down.
    const record = (await readRecord(dir).catch(() => undefined)) ?? session.record;
    if (hasEnded(record)) return;
    const rest = withoutUser(record, request.user);
    if (staysUp(rest)) await writeRecord(dir, rest);
    else {
      const { now } = request.options;
      const because = "its last user has left";
      const { instances, place } = session;
      await takeDown({ dir, record: rest, emit, because, manner: "polite", now, instances, place });
    }
  } finally {
    await lock.release();
    // Only now: a guard that saw the last user leave earlier would take the run down itself.
    hold?.leave();
  }
}

function staysUp(rest: RunRecord): boolean {
  return livingUsers(rest).length > 0 || (rest.stay && rest.state === "ready");
}
