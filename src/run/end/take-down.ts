import { setTimeout as delay } from "node:timers/promises";
import { tearDown } from "../../conductor/tear-down.ts";
import { RollcallError } from "../../errors/rollcall-error.ts";
import type { EventBody, RunEvent } from "../../journal/events.ts";
import type { Instance, Leftover, Place } from "../../runtime/types.ts";
import { limited } from "../../util/limited.ts";
import { isShortage } from "../../util/system-error.ts";
import { type EngineSearch, openRuntimeOf } from "../runtimes.ts";
import { identityOf } from "../state/identity.ts";
import { removeFromIndex } from "../state/run-index.ts";
import { writeIfPossible } from "../state/write-if-possible.ts";
import type { RunRecord } from "../types.ts";
import { planOfRecord } from "./plan-of-record.ts";

export interface TakingDown {
  readonly dir: string;
  readonly record: RunRecord;
  readonly emit: (body: EventBody) => RunEvent;
  readonly because: string;
  /** `polite`: stop signal and grace, in reverse order. `now`: SIGKILL, for what nobody uses any more. */
  readonly manner: "polite" | "now";
  /** What this process has in hand already; the rest is found by the record. The caller closes it. */
  readonly instances?: ReadonlyMap<string, Instance>;
  /** This process's own, which knows what it is still making; closed by the caller. */
  readonly place?: Place;
  /** Aborting it turns a polite end into one at once. */
  readonly now?: AbortSignal | undefined;
  /** Ends the search for an engine that does not answer; once it has, everything is taken down. */
  readonly search?: EngineSearch | undefined;
}

/** Teardown has its own deadline: it must come to its end whatever has been aborted. */
const removeLimitMs = 60_000;
/** A start that was under way when its owner died may appear after everything has been removed. */
const settleMs = 150;
const removeRounds = 5;

/**
 * Ends and removes all of a run, whoever started it, and audits. The caller holds the lock. What cannot be written
 * down hinders nothing: the run's folder may be deleted, its disk full.
 * Throws STOP_FAILED naming what is left; the record then says "stopping", and another attempt may follow.
 */
export async function takeDown(taking: TakingDown): Promise<void> {
  if (taking.place !== undefined) return takeDownAt(taking.place, taking);
  const { dir, record } = taking;
  const runtime = await openRuntimeOf(dir, record, taking.search);
  const place = runtime.open(identityOf(dir, record));
  try {
    await takeDownAt(place, taking);
  } finally {
    await place.close();
    await runtime.close();
  }
}

async function takeDownAt(place: Place, taking: TakingDown): Promise<void> {
  const { dir, record, emit, because } = taking;
  const beganMs = performance.now();
  await writeIfPossible(dir, { ...record, state: "stopping" });
  emit({ type: "run.stopping", because });
  await endInstances(taking, place);
  await place.settled({ signal: limited(taking.now ?? new AbortController().signal, removeLimitMs) });
  const leftovers = await removeAll(place, taking.manner);
  emit({ type: "audit", leftovers: leftovers.map((leftover) => leftover.text) });
  if (leftovers.length > 0) throw stopFailed(record, leftovers);
  const untidy = await closeBooks(dir, record);
  if (untidy !== undefined) emit({ type: "note", text: `nothing is left, but ${untidy}` });
  emit({ type: "run.stopped", tookMs: Math.round(performance.now() - beganMs) });
}

/** What could not be ended in this way is removed by its mark, and the audit tells what stays. */
async function endInstances(taking: TakingDown, place: Place): Promise<void> {
  const { record, emit, manner, now } = taking;
  const inHand = await living(taking.instances ?? new Map());
  const units = record.units.filter((unit) => !inHand.has(unit.name));
  const adopted = await adoptAll({ ...record, units }, place);
  const instances = new Map([...adopted, ...inHand]);
  const kill = manner === "now" ? AbortSignal.abort() : now;
  await tearDown({ plan: planOfRecord(record), instances, emit, ...(kill && { kill }) });
  for (const instance of adopted.values()) instance.close();
}

async function living(instances: ReadonlyMap<string, Instance>): Promise<ReadonlyMap<string, Instance>> {
  const looks = [...instances].map(async ([name, instance]) => {
    const alive = await instance.alive().catch(() => undefined);
    return alive === undefined ? [] : [[name, instance] as const];
  });
  return new Map((await Promise.all(looks)).flat());
}

/** What is gone, or is not what the record says, is left out; throws when the machine could not look. */
export async function adoptAll(record: RunRecord, place: Place): Promise<ReadonlyMap<string, Instance>> {
  const found = await Promise.all(
    record.units.map(async ({ name, instance }) => {
      if (instance === null) return [];
      const adopted = await place.adopt(instance).catch((error: unknown) => {
        if (isShortage(error)) throw error;
        return undefined;
      });
      return adopted === undefined ? [] : [[name, adopted] as const];
    }),
  );
  return new Map(found.flat());
}

async function removeAll(place: Place, manner: TakingDown["manner"]): Promise<readonly Leftover[]> {
  const signal = AbortSignal.timeout(removeLimitMs);
  let leftovers = await place.remove({ signal });
  for (let round = 1; round < removeRounds; round += 1) {
    if (manner === "now") await delay(settleMs);
    leftovers = await place.audit();
    if (leftovers.length === 0) return [];
    await place.remove({ signal });
    if (manner === "polite") await delay(settleMs);
  }
  return place.audit();
}

/** While the record does not say that the run has ended, the index leads whoever may write it there. */
async function closeBooks(dir: string, record: RunRecord): Promise<string | undefined> {
  const unwritten = await writeIfPossible(dir, stopped(record));
  if (unwritten !== undefined) return unwritten;
  return removeFromIndex(record.run).then(
    () => undefined,
    (error) => `its entry in the index stays: ${error.message}`,
  );
}

export function stopped(record: RunRecord): RunRecord {
  const units = record.units.map((unit) =>
    unit.state === "ready" || unit.state === "starting" ? { ...unit, state: "stopped" as const } : unit,
  );
  return { ...record, state: "stopped", users: [], units };
}

function stopFailed(record: RunRecord, leftovers: readonly Leftover[]): RollcallError {
  const texts = leftovers.map((leftover) => leftover.text);
  return new RollcallError("STOP_FAILED", {
    message: `Of the run ${record.run} (${record.name}) is left: ${texts.join("; ")}.`,
  });
}
