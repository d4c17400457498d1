import { setTimeout as delay } from "node:timers/promises";
import { readRecord } from "../state/record.ts";
import { hasEnded } from "../state/users.ts";
import { type GuardHold, joinGuard, type OneHold, startGuard } from "./guard.ts";

interface Guarded {
  readonly dir: string;
  readonly run: string;
  readonly user: string;
}

/** Guards that die one after the other are not what the machine has room for. */
const mostRenewals = 10;
/** After one that could not be started. */
const pauseMs = 1000;
const never = new AbortController().signal;

/** The run's guard, or a new one where it is not there; undefined: the one there is does not answer. */
export async function joinOrStartGuard(
  guarded: Guarded,
  signal: AbortSignal,
): Promise<GuardHold | undefined> {
  const hold = await joinOrStart(guarded, signal).catch(() => undefined);
  signal.throwIfAborted();
  return hold && lastingHold(hold, guarded);
}

/** A guard that dies while it is needed, as by the kernel for want of memory, is replaced. */
export function lastingHold(first: OneHold, guarded: Guarded): GuardHold {
  let current = first;
  let renewals = 0;
  let parting: "dismiss" | "leave" | undefined;
  let referenced = true;

  const take = (hold: OneHold) => {
    current = hold;
    if (!referenced) hold.unref();
    if (parting !== undefined) hold[parting]();
    void hold.closed.then(renew);
  };
  const renew = async () => {
    if (parting !== undefined || renewals >= mostRenewals) return;
    renewals += 1;
    if (!(await needsGuard(guarded.dir))) return;
    await joinOrStart(guarded, never).then(take, renewLater);
  };
  const renewLater = async () => {
    await delay(pauseMs, undefined, { ref: false });
    await renew();
  };
  const part = (how: "dismiss" | "leave") => {
    parting ??= how;
    current[how]();
  };
  take(first);
  return {
    dismiss: () => part("dismiss"),
    leave: () => part("leave"),
    unref() {
      referenced = false;
      current.unref();
    },
  };
}

/** Several users may miss it at once: one of them starts it, the others join. */
async function joinOrStart({ dir, run, user }: Guarded, signal: AbortSignal): Promise<OneHold> {
  const joined = await joinGuard(run, user, signal);
  if (joined !== undefined) return joined;
  try {
    return await startGuard(dir, user, signal);
  } catch (error) {
    const started = await joinGuard(run, user, signal);
    if (started === undefined) throw error;
    return started;
  }
}

/** A record that cannot be read says nothing against it. */
async function needsGuard(dir: string): Promise<boolean> {
  const record = await readRecord(dir).catch(() => undefined);
  return record === undefined || !(hasEnded(record) || record.stay);
}
