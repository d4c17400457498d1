import type { EventBody } from "../journal/events.ts";
import type { Place } from "../runtime/types.ts";
import type { Unit } from "../stack/types.ts";
import type { Clock } from "../util/clock.ts";
import { visibleLine } from "../util/visible.ts";

interface Preparing {
  readonly units: readonly Unit[];
  readonly place: Place;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly emit: (body: EventBody) => void;
  /** Called at once, however late the unit would have been started. */
  readonly onFailed: (unit: Unit, thrown: unknown) => void;
}

/** Pulling and building are bound by network and disk: more at once would be no faster. */
const atOnce = 4;

export interface Preparations {
  /** Resolves when the unit may be started; stays open when its preparation failed or was called off. */
  of(unit: Unit): Promise<void>;
  /** Settles when nothing is being prepared any more; never rejects. */
  readonly ended: Promise<unknown>;
}

/** Brings what every unit needs, in the plan's order, several at once, while the first units already start. */
export function beginPreparations(preparing: Preparing): Preparations {
  const { units, signal } = preparing;
  const done = new Map<Unit, () => void>();
  const promises = new Map(
    units.map((unit) => [unit, new Promise<void>((resolve) => done.set(unit, resolve))]),
  );
  let next = 0;
  const worker = async () => {
    for (let unit = units[next++]; unit !== undefined; unit = units[next++]) {
      if (signal.aborted) return;
      if (await prepare(unit, preparing)) done.get(unit)?.();
    }
  };
  return {
    of: (unit) =>
      promises.get(unit) ?? Promise.reject(new Error(`${unit.name} is not prepared by this plan`)),
    ended: Promise.all(Array.from({ length: atOnce }, worker)),
  };
}

async function prepare(unit: Unit, { place, clock, signal, emit, onFailed }: Preparing): Promise<boolean> {
  const beganMs = clock.now();
  const service = unit.name;
  try {
    emit({ type: "prepare.started", service });
    await place.prepare(unit, {
      signal,
      progress: (text) => {
        if (!signal.aborted) emit({ type: "prepare.progress", service, text: visibleLine(text) });
      },
    });
    if (signal.aborted) return false;
    emit({ type: "prepare.done", service, tookMs: clock.now() - beganMs });
    return true;
  } catch (thrown) {
    onFailed(unit, thrown);
    return false;
  }
}
