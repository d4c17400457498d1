import type { ErrorReport } from "../errors/report.ts";
import { RollcallError } from "../errors/rollcall-error.ts";
import type { EventBody } from "../journal/events.ts";
import type { Plan } from "../plan/types.ts";
import type { Exit, Instance } from "../runtime/types.ts";
import type { StopPolicy } from "../stack/types.ts";
import { type Clock, realClock, within } from "../util/clock.ts";
import { orAborted } from "../util/or-aborted.ts";

export interface TearingDown {
  readonly plan: Plan;
  /** What runs, by unit. */
  readonly instances: ReadonlyMap<string, Instance>;
  readonly emit: (body: EventBody) => unknown;
  /** Aborted: no more grace, everything is killed at once. */
  readonly kill?: AbortSignal;
  readonly clock?: Clock;
}

export interface TornDown {
  /** One for everything that could not be stopped; the rest has been stopped all the same. */
  readonly errors: readonly ErrorReport[];
}

/** A stop may take its grace and so much more, in milliseconds; then the next one gets its turn. */
const beyondGraceMs = 15_000;

/**
 * Stops what runs: a unit once everything that depends on it has stopped, all others at the same time.
 * Only true dependencies count, also where the start was sequential; what is killed at once has no order. Never rejects,
 * never stops half-way.
 */
export async function tearDown(tearing: TearingDown): Promise<TornDown> {
  const dependants = dependantsOf(tearing.plan);
  const stopped = new Map<string, Promise<ErrorReport | undefined>>();
  const stop = (unit: string): Promise<ErrorReport | undefined> => {
    const known = stopped.get(unit);
    if (known !== undefined) return known;
    const stopping = (async () => {
      const others = Promise.all((dependants.get(unit) ?? []).map(stop));
      await (tearing.kill === undefined ? others : orAborted(others, tearing.kill).catch(() => {}));
      const instance = tearing.instances.get(unit);
      return instance === undefined ? undefined : stopOne(unit, instance, tearing);
    })();
    stopped.set(unit, stopping);
    return stopping;
  };
  const units = new Set([
    ...tearing.plan.steps.map(({ unit }) => unit.name).reverse(),
    ...tearing.instances.keys(),
  ]);
  const results = await Promise.all([...units].map(stop));
  return { errors: results.filter((error) => error !== undefined) };
}

/** Who needs a unit, by its name; the definition's own edges, not those of the order. */
function dependantsOf({ steps }: Plan): Map<string, string[]> {
  const dependants = new Map<string, string[]>();
  for (const { unit } of steps) {
    for (const { service } of unit.after) {
      const known = dependants.get(service) ?? [];
      if (!known.includes(unit.name)) dependants.set(service, [...known, unit.name]);
    }
  }
  return dependants;
}

async function stopOne(
  service: string,
  instance: Instance,
  tearing: TearingDown,
): Promise<ErrorReport | undefined> {
  const { emit, clock = realClock } = tearing;
  const policy = policyFor(service, tearing);
  const beganMs = clock.now();
  const atOnce = tearing.kill?.aborted ?? false;
  const { signal, graceMs } = atOnce ? { signal: "SIGKILL", graceMs: 0 } : policy;
  emit({ type: "stop.requested", service, signal, graceMs });
  try {
    const exit = await within(clock, graceMs + beyondGraceMs, end(instance, policy, tearing.kill));
    const tookMs = Math.round(clock.now() - beganMs);
    if (exit === undefined)
      return notStopped(service, `it was still alive ${tookMs} ms after ${signal}`, instance);
    emit({ type: "stop.done", service, exit, tookMs });
    return undefined;
  } catch (thrown) {
    return notStopped(service, thrown instanceof Error ? thrown.message : String(thrown), instance);
  }
}

/** Stops gently, or at once as soon as nobody wants to wait any more. */
function end(instance: Instance, policy: StopPolicy, kill: AbortSignal | undefined): Promise<Exit> {
  if (kill?.aborted) return instance.kill();
  return new Promise((resolve, reject) => {
    const atOnce = () => void instance.kill().then(resolve, reject);
    kill?.addEventListener("abort", atOnce, { once: true });
    instance
      .stop(policy)
      .then(resolve, reject)
      .finally(() => kill?.removeEventListener("abort", atOnce));
  });
}

function policyFor(service: string, { plan }: TearingDown): StopPolicy {
  const step = plan.steps.find(({ unit }) => unit.name === service);
  return step?.unit.stop ?? { signal: "SIGTERM", graceMs: 10_000 };
}

function notStopped(service: string, why: string, { incarnation }: Instance): ErrorReport {
  return new RollcallError("STOP_FAILED", {
    service,
    message: `${service} (${incarnation.id}) could not be stopped: ${why}.`,
  }).report;
}
