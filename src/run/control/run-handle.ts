import { takeDown } from "../end/take-down.ts";
import { lockRun } from "../lock/lock-request.ts";
import { describeRun } from "../look/status.ts";
import { closeSession, type RunSession } from "../session.ts";
import { readRecord } from "../state/record.ts";
import { hasEnded, livingUsers, withoutUser } from "../state/users.ts";
import { writeIfPossible } from "../state/write-if-possible.ts";
import type { Run, RunRecord } from "../types.ts";
import { followEvents } from "./run-events.ts";
import { createRunScopes } from "./run-scopes.ts";
import { createRunService } from "./run-service.ts";
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
  /** A scope that cannot be closed is no reason to leave the stack up. */
  const end = async (): Promise<void> => {
    try {
      await watch.stop();
      await scopes.close();
    } finally {
      await leave(session);
    }
  };
  let downing: Promise<void> | undefined;
  const down = (): Promise<void> => {
    downing ??= (async () => {
      try {
        await end();
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
  const { request, hold } = session;
  try {
    const lock = await lockRun({
      stackDir: request.stackDir,
      name: request.name,
      doing: "taking this stack down",
      // It ends the wait for another holder only: what can be taken down at once is.
      signal: request.options.now ?? new AbortController().signal,
      onWait: () => {},
    });
    try {
      await leaveLocked(session);
    } finally {
      await lock.release();
    }
  } finally {
    // Only now: a guard that saw the last user leave earlier would take the run down itself. What is left is its work.
    hold?.leave();
  }
}

async function leaveLocked(session: RunSession): Promise<void> {
  const { request, dir, emit, instances, place } = session;
  // Deleted or damaged: what this process knows of the run is enough to take it down.
  const record = (await readRecord(dir).catch(() => undefined)) ?? session.record;
  if (hasEnded(record)) return;
  const rest = withoutUser(record, request.user);
  if (staysUp(rest)) {
    const unwritten = await writeIfPossible(dir, rest);
    if (unwritten !== undefined) emit({ type: "note", text: unwritten });
    return;
  }
  const because = "its last user has left";
  const { now } = request.options;
  await takeDown({ dir, record: rest, emit, because, manner: "polite", now, instances, place });
}

function staysUp(rest: RunRecord): boolean {
  return livingUsers(rest).length > 0 || (rest.stay && rest.state === "ready");
}
