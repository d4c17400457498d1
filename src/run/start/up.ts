import { maskError } from "../../errors/mask-error.ts";
import { asRollcallError, RollcallError } from "../../errors/rollcall-error.ts";
import type { RunEvent } from "../../journal/events.ts";
import { stackMask } from "../../journal/mask-event.ts";
import { shown } from "../../util/shown.ts";
import { createRun } from "../control/run-handle.ts";
import { removeAbandoned } from "../end/abandon.ts";
import { sweep } from "../end/sweep.ts";
import { takeDown } from "../end/take-down.ts";
import { interruption, lockRun, throwIfInterrupted } from "../lock/lock-request.ts";
import { readRequest, type UpRequest } from "../request.ts";
import { resolveStack, type StackInput } from "../resolve-stack.ts";
import { openJournalToEnd } from "../run-journal.ts";
import type { EngineSearch } from "../runtimes.ts";
import type { RunSession } from "../session.ts";
import { type FoundRun, findLiveRun, pruneRuns } from "../state/find.ts";
import { isAbandoned, livingUsers } from "../state/users.ts";
import type { Run, RunRecord, UpOptions } from "../types.ts";
import { attach } from "./attach.ts";
import type { Manner } from "./begin-run.ts";
import { bringUp } from "./bring-up.ts";
import { differences, runExists } from "./differences.ts";

/** What an engine that answers takes for it is far less. */
const sweepLimitMs = 3000;

/**
 * Brings a stack up and returns when every gate is open; attaches to a run of it that is up once every gate has been
 * proven again. Throws RollcallError; nothing that was started remains then, unless `keepOnFailure`.
 */
export async function up<Services extends string = string, Exports extends string = string>(
  stack: StackInput<Services, Exports>,
  options: UpOptions = {},
): Promise<Run<Services, Exports>> {
  const request = await readRequest(resolveStack(stack), options);
  const mask = stackMask(request.stack);
  const notes: string[] = [];
  const note = (text: string) => {
    notes.push(text);
    options.onEvent?.(unwritten(shown(text, mask)));
  };
  throwIfInterrupted(request.signal);
  await sweepOthers(request, note);
  const lock = await lockRun({
    stackDir: request.stackDir,
    name: request.name,
    doing: "bringing this stack up",
    signal: request.signal,
    limitMs: request.timeoutMs,
    onWait: ({ pid, doing }) => note(`waiting for process ${pid}, which is ${doing}`),
  });
  try {
    const run = createRun(await attachOrStart(request, notes, note));
    // What cannot be pruned now may be later; the stack is up all the same.
    await pruneRuns(request.stackDir).catch(() => {});
    return run as unknown as Run<Services, Exports>;
  } catch (error) {
    if (error instanceof RollcallError) throw maskError(error, mask);
    throw request.signal.aborted
      ? interruption(request.signal.reason)
      : maskError(asRollcallError(error), mask);
  } finally {
    await lock.release();
  }
}

/** Other stacks' leftovers: a word about them, but no long wait. */
async function sweepOthers({ signal }: UpRequest, note: (text: string) => void): Promise<void> {
  const swept = await sweep({
    signal,
    limitMs: sweepLimitMs,
    onFailure: ({ dir, error }) => note(`${dir} could not be swept: ${error.message.split("\n")[0]}`),
  }).catch((error) => {
    throwIfInterrupted(signal);
    throw error;
  });
  for (const run of swept)
    note(`removed the run ${run.run} of ${run.name}, for which nobody was responsible any more`);
}

async function attachOrStart(
  request: UpRequest,
  notes: readonly string[],
  note: (text: string) => void,
): Promise<RunSession> {
  const { options } = request;
  const wanted: Manner = {
    runtime: options.runtime ?? "auto",
    ports: options.ports ?? "fixed",
    stay: options.stay === true,
    notes,
  };
  const found = await findLiveRun(request.stack, request.name);
  if (found === undefined) return bringUp(request, wanted);
  if (isAbandoned(found.record)) {
    await removeAbandoned(found.dir, found.record, "its owner has died", searchOf(request));
    return bringUp(request, wanted);
  }
  const broken = await attachOrSayWhyNot(found, request);
  if (typeof broken !== "string") return broken;
  refuseWhileUsed(found.record, broken);
  note(`${request.name} was up, but ${broken}: it is taken down and brought up anew`);
  await replace(found, broken, request);
  return bringUp(request, asBefore(found.record, wanted, options));
}

async function attachOrSayWhyNot(found: FoundRun, request: UpRequest): Promise<RunSession | string> {
  const { record } = found;
  if (record.state === "failed") return "its start had failed";
  if (record.state !== "ready") return `it was left ${record.state}`;
  const why = differences(record, request);
  if (why.length > 0) throw runExists(record, why);
  const attached = await attach(found, request);
  return "broken" in attached ? attached.broken : attached;
}

function searchOf({ signal, timeoutMs }: UpRequest): EngineSearch {
  return { signal, limitMs: timeoutMs };
}

/** What others use is not taken from under them. */
function refuseWhileUsed(record: RunRecord, broken: string): void {
  const users = livingUsers(record).filter((user) => user.owner.pid !== process.pid);
  if (users.length === 0) return;
  const pids = [...new Set(users.map((user) => user.owner.pid))];
  throw runExists(record, [
    broken,
    `process ${pids.join(", ")} still uses it, so that it cannot be brought up anew`,
  ]);
}

async function replace({ dir, record }: FoundRun, because: string, request: UpRequest): Promise<void> {
  const { now, onEvent } = request.options;
  const { journal, emit } = openJournalToEnd(dir, { mask: stackMask(request.stack), onEvent });
  try {
    await takeDown({ dir, record, emit, because, manner: "polite", now, search: searchOf(request) });
  } finally {
    await journal.close();
  }
}

/** What was not asked for stays as it was. */
function asBefore(record: RunRecord, wanted: Manner, options: UpOptions): Manner {
  return {
    runtime: options.runtime === undefined || options.runtime === "auto" ? record.runtime : options.runtime,
    ports: options.ports ?? record.ports,
    stay: wanted.stay || (record.stay && record.state === "ready"),
    notes: wanted.notes,
  };
}

/** Told before there is a journal. */
function unwritten(text: string): RunEvent {
  return { type: "note", text, seq: 0, atMs: 0, time: new Date().toISOString() };
}
