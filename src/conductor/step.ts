import { asRollcallError } from "../errors/rollcall-error.ts";
import type { Instance } from "../runtime/types.ts";
import type { Service } from "../stack/types.ts";
import { within } from "../util/clock.ts";
import { orAborted } from "../util/or-aborted.ts";
import { shownLine } from "../util/shown.ts";
import type { Bringing, Progress } from "./bringing.ts";
import { firstDead, type OpenGate, sameIncarnation } from "./gates.ts";
import type { Preparations } from "./preparations.ts";
import { probeTarget } from "./probe-target.ts";
import { startOrder } from "./start-order.ts";
import type { Evidence } from "./types.ts";
import { mayEnd, watchExit } from "./watch-exit.ts";

/** Until everything is there that a unit's start waits for. */
export interface Before {
  readonly preparations: Preparations;
  readonly setUp: Promise<void>;
}

/** One unit's way from its place in the plan to its open gate. Never rejects; a failure ends the bringing-up. */
export async function bringUp(progress: Progress, before: Before, bringing: Bringing): Promise<void> {
  const { unit } = progress.step;
  try {
    const gates = await mayStart(progress, before, bringing);
    // Another unit may have failed in the turn between the look and this one.
    if (gates === undefined || bringing.signal.aborted) return;
    const instance = await start(progress, gates, bringing);
    if (instance === undefined) return;
    if (unit.kind === "service") await proveReady(progress, unit, instance, bringing);
    else await awaitEnd(progress, instance, bringing);
  } catch (thrown) {
    if (!bringing.signal.aborted)
      bringing.fail({ kind: "thrown", unit: unit.name, error: asRollcallError(thrown) });
  }
}

/** Waits for the unit's preparation and gates, and looks once more whether the gates' proofs still hold. */
async function mayStart(
  { step }: Progress,
  { preparations, setUp }: Before,
  { gates, signal, fail }: Bringing,
): Promise<readonly OpenGate[] | undefined> {
  await orAborted(Promise.all([preparations.of(step.unit), setUp]), signal);
  const opened = await gates.allOpen(step.gates, { signal });
  const dead = await firstDead(opened, { signal });
  if (signal.aborted) return undefined;
  if (dead === undefined) return opened;
  // How it ended is an event of its own, and usually there already; nothing must start while it is awaited.
  const unit = dead.gate.service;
  fail(
    dead.now === undefined
      ? { kind: "died", unit, exit: undefined }
      : { kind: "replaced", unit, now: dead.now },
  );
  return undefined;
}

async function start(
  progress: Progress,
  gates: readonly OpenGate[],
  bringing: Bringing,
): Promise<Instance | undefined> {
  const { conducting, seams, signal } = bringing;
  const { unit } = progress.step;
  const order = startOrder(unit, conducting);
  progress.requestedMs = seams.clock.now();
  progress.phase = "starting";
  progress.startMs = conducting.emit({
    type: "start.requested",
    service: unit.name,
    because: gates.map(({ service, seq, incarnation }) => ({ service, gateSeq: seq, incarnation })),
  }).atMs;
  const controller = new AbortController();
  const giveUp = () => controller.abort(signal.reason);
  signal.addEventListener("abort", giveUp, { once: true });
  // A start that does not heed the signal may still succeed later: the record must know of it all the same.
  const starting = conducting.place.start(order, { signal: controller.signal }).then((instance) => {
    register(progress, instance, bringing);
    return instance;
  });
  bringing.starting.add(starting);
  try {
    const instance = await within(seams.clock, unit.budgetMs, orAborted(starting, signal));
    if (instance === undefined) bringing.fail({ kind: "budget", unit: unit.name });
    return signal.aborted ? undefined : instance;
  } finally {
    signal.removeEventListener("abort", giveUp);
    if (signal.aborted) controller.abort(signal.reason);
  }
}

function register(progress: Progress, instance: Instance, bringing: Bringing): void {
  const { conducting, seams, gates } = bringing;
  const service = progress.step.unit.name;
  progress.instance = instance;
  conducting.started(instance);
  if (!bringing.lasts()) return;
  progress.phase = "running";
  const { incarnation } = instance;
  const tookMs = seams.clock.now() - (progress.requestedMs ?? 0);
  const { seq } = conducting.emit({ type: "start.done", service, incarnation, tookMs });
  watchExit(progress, instance, bringing);
  const mustLive = mayEnd(progress.step.unit) ? undefined : instance;
  gates.open("started", { service, seq, incarnation, instance: mustLive });
}

async function proveReady(
  progress: Progress,
  service: Service,
  instance: Instance,
  bringing: Bringing,
): Promise<void> {
  const { conducting, seams, signal, mask } = bringing;
  const probe = seams.createProbe(
    service.ready,
    probeTarget(service, instance, conducting.logFile(service.name)),
  );
  progress.probe = shownLine(probe.describe, mask);
  const outcome = await seams.untilReady({
    probe,
    alive: () => instance.alive(),
    exited: instance.exited,
    budgetMs: remainingMs(progress, bringing),
    signal,
    onObserved: (observed, attempt) => observe(progress, observed, attempt, bringing),
  });
  progress.attempts = outcome.attempts;
  if (signal.aborted) return;
  switch (outcome.kind) {
    case "ready":
      if (!sameIncarnation(outcome.incarnation, instance.incarnation)) {
        return bringing.fail({ kind: "replaced", unit: service.name, now: outcome.incarnation });
      }
      return openGate(progress, instance, evidenceOf(outcome, bringing), bringing);
    case "exited":
      if (mayEnd(service) && outcome.exit.exitCode === 0) {
        return openGate(progress, instance, completed(instance), bringing);
      }
      return bringing.fail({ kind: "exited-early", unit: service.name, exit: outcome.exit });
    case "wrong":
    case "budget":
      if (outcome.lastObserved !== undefined) progress.observed = shownLine(outcome.lastObserved, mask);
      return bringing.fail({ kind: outcome.kind, unit: service.name });
    case "aborted":
      return bringing.fail({ kind: "thrown", unit: service.name, error: asRollcallError(outcome.reason) });
  }
}

function evidenceOf(
  { level, observed, incarnation, attempts }: Omit<Evidence, "level"> & { readonly level: Evidence["level"] },
  { mask }: Bringing,
): Evidence {
  return { level, observed: shownLine(observed, mask), incarnation, attempts };
}

/** A task's proof is its end; a wrong end is told by whoever watches for it. */
async function awaitEnd(progress: Progress, instance: Instance, bringing: Bringing): Promise<void> {
  const { seams, signal } = bringing;
  const ended = orAborted(instance.exited, signal);
  const exit = await within(seams.clock, remainingMs(progress, bringing), ended);
  if (signal.aborted) return;
  if (exit === undefined) return bringing.fail({ kind: "budget", unit: instance.unit });
  if (exit.exitCode !== 0) return bringing.fail({ kind: "task-failed", unit: instance.unit, exit });
  openGate(progress, instance, completed(instance), bringing);
}

function completed({ incarnation }: Instance): Evidence {
  return { level: "completed", observed: "exit code 0", incarnation, attempts: 1 };
}

function observe(progress: Progress, observed: string, attempt: number, bringing: Bringing): void {
  const text = shownLine(observed, bringing.mask);
  progress.attempts = Math.max(progress.attempts, attempt);
  if (text === progress.observed || bringing.signal.aborted) return;
  progress.observed = text;
  const service = progress.step.unit.name;
  bringing.conducting.emit({ type: "probe.observed", service, observed: text, attempt });
}

function openGate(progress: Progress, instance: Instance, evidence: Evidence, bringing: Bringing): void {
  const { conducting, seams, gates, ready } = bringing;
  const { unit } = progress.step;
  const { name, kind } = unit;
  progress.phase = "open";
  const tookMs = seams.clock.now() - (progress.requestedMs ?? 0);
  const opened = conducting.emit({ type: "gate.opened", service: name, ...evidence, tookMs });
  ready.set(name, {
    name,
    kind,
    instance: kind === "task" || evidence.level === "completed" ? undefined : instance,
    evidence,
    startMs: progress.startMs,
    readyMs: opened.atMs,
  });
  gates.open("ready", {
    service: name,
    seq: opened.seq,
    incarnation: evidence.incarnation,
    instance: mayEnd(unit) ? undefined : instance,
  });
}

function remainingMs({ step, requestedMs }: Progress, { seams }: Bringing): number {
  return Math.max(0, step.unit.budgetMs - (seams.clock.now() - (requestedMs ?? 0)));
}
