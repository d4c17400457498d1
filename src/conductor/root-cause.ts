import { within } from "../util/clock.ts";
import type { Bringing, Progress } from "./bringing.ts";
import type { Failure } from "./failure.ts";
import { endedBadly, failureOf, mayEnd } from "./watch-exit.ts";

/**
 * A dependant often notices the death of what it needs before the kernel or the engine tells of it: its connection
 * breaks first. So long the news may take, in milliseconds.
 */
const newsMs = 100;

/** From the engine's word that something is gone to its account of how, in milliseconds. */
const accountMs = 1000;

/** The failure that explains the first one: what the failed unit needed had died, of the same cause perhaps. */
export async function rootCause(first: Failure, bringing: Bringing): Promise<Failure> {
  if (first.unit === undefined || first.kind === "replaced") return first;
  const needed = neededBy(first.unit, bringing).filter(
    ({ phase }) => phase === "open" || phase === "running",
  );
  if (needed.length > 0 && !needed.some(endedBadly)) await anyNews(needed, bringing);
  const dead = needed.find(endedBadly) ?? (await firstGone(needed, bringing));
  return dead === undefined ? withAccount(first, bringing) : rootCause(failureOf(dead), bringing);
}

async function anyNews(needed: readonly Progress[], { seams }: Bringing): Promise<void> {
  const ends = needed.flatMap((progress) =>
    progress.exit === undefined && progress.instance ? [progress.instance.exited] : [],
  );
  await within(seams.clock, newsMs, Promise.race(ends));
}

/** For runtimes that tell of an end later than they know of it. */
async function firstGone(needed: readonly Progress[], { seams }: Bringing): Promise<Progress | undefined> {
  const looks = needed.map(async (progress) => {
    // What may end may be gone. An engine that does not answer proves no death.
    if (mayEnd(progress.step.unit)) return undefined;
    const alive = await progress.instance?.alive().catch(() => progress.instance?.incarnation);
    return alive === undefined ? progress : undefined;
  });
  return (await within(seams.clock, newsMs, Promise.all(looks)))?.find((gone) => gone !== undefined);
}

async function withAccount(failure: Failure, { seams, progress }: Bringing): Promise<Failure> {
  if (failure.kind !== "died" || failure.exit !== undefined) return failure;
  const exited = progress.get(failure.unit)?.instance?.exited;
  return exited === undefined ? failure : { ...failure, exit: await within(seams.clock, accountMs, exited) };
}

/** Whatever the start of a unit waited for, directly or not, in the plan's order. */
function neededBy(unit: string, { progress }: Bringing): Progress[] {
  const needed = new Set<string>();
  const add = (name: string) => {
    for (const { service } of progress.get(name)?.step.gates ?? []) {
      if (needed.has(service)) continue;
      needed.add(service);
      add(service);
    }
  };
  add(unit);
  return [...progress.values()].filter(({ step }) => needed.has(step.unit.name));
}
