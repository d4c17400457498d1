import { within } from "../util/clock.ts";
import type { Bringing, Progress } from "./bringing.ts";
import type { Failure } from "./failure.ts";

/**
 * A dependant often notices the death of what it needs before the kernel or the engine tells of it: its connection
 * breaks first. So long the news may take, in milliseconds.
 */
const newsMs = 100;

/** The failure that explains the first one: what the failed unit needed had died. */
export async function rootCause(first: Failure, bringing: Bringing): Promise<Failure> {
  if (first.unit === undefined || first.kind === "died" || first.kind === "replaced") return first;
  const needed = [...neededBy(first.unit, bringing)].filter(mustLive);
  if (needed.length === 0) return first;
  if (!needed.some(isDead)) {
    const anyDeath = Promise.race(needed.flatMap(({ instance }) => (instance ? [instance.exited] : [])));
    await within(bringing.seams.clock, newsMs, anyDeath);
  }
  const dead = needed.find(isDead) ?? (await firstGone(needed, bringing));
  return dead === undefined ? first : { kind: "died", unit: dead.step.unit.name, exit: dead.exit };
}

/** For runtimes that tell of an end later than they know of it. */
async function firstGone(needed: readonly Progress[], { seams }: Bringing): Promise<Progress | undefined> {
  const looks = needed.map(async (progress) => {
    // An engine that does not answer proves no death.
    const alive = await progress.instance?.alive().catch(() => progress.instance?.incarnation);
    return alive === undefined ? progress : undefined;
  });
  return (await within(seams.clock, newsMs, Promise.all(looks)))?.find((gone) => gone !== undefined);
}

/** Whatever the start of a unit waited for, directly or not, in the plan's order. */
function neededBy(unit: string, { progress }: Bringing): Set<Progress> {
  const needed = new Set<string>();
  const add = (name: string) => {
    for (const { service } of progress.get(name)?.step.gates ?? []) {
      if (needed.has(service)) continue;
      needed.add(service);
      add(service);
    }
  };
  add(unit);
  return new Set([...progress.values()].filter(({ step }) => needed.has(step.unit.name)));
}

function mustLive({ step, phase }: Progress): boolean {
  return step.unit.kind === "service" && (phase === "open" || phase === "running");
}

function isDead({ exit }: Progress): boolean {
  return exit !== undefined;
}
