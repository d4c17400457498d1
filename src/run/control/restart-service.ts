import { startOrder } from "../../conductor/start-order.ts";
import { maskError } from "../../errors/mask-error.ts";
import { RollcallError } from "../../errors/rollcall-error.ts";
import { stackMask } from "../../journal/mask-event.ts";
import type { Instance, PublishedPort } from "../../runtime/types.ts";
import type { Service } from "../../stack/types.ts";
import type { RunSession } from "../session.ts";
import { changeUnit } from "../state/change-unit.ts";
import { logFileOf } from "../state/folders.ts";
import { currentInstance } from "./current-instance.ts";
import { locked } from "./locked.ts";
import { type Proof, prove } from "./prove.ts";
import type { RunWatch } from "./watch-run.ts";

/** Stops a service, starts it again and proves its gate; the other users of the run learn of it by the record. */
export function restartService(name: string, session: RunSession, watch: RunWatch): Promise<void> {
  const mask = stackMask(session.request.stack);
  const restarted = locked(`restarting ${name}`, session, async () => {
    const { request, dir, instances } = session;
    const service = request.stack.units.find((unit) => unit.name === name) as Service;
    const old = await currentInstance(name, session, watch);
    watch.forget(old);
    await changeUnit(dir, name, { ending: old.incarnation });
    await endOld(old, service, session);
    const signal = AbortSignal.timeout(service.budgetMs);
    const fresh = await startAnew(service, session, signal);
    instances.set(name, fresh);
    await changeUnit(dir, name, { instance: fresh.record, state: "starting" });
    const proof = await prove({ service, instance: fresh, logFile: logFileOf(dir, name), signal, mask });
    if (typeof proof === "string")
      throw new RollcallError("NOT_READY", { service: name, message: `${proof}.` });
    tellOpen(name, proof, session);
    await changeUnit(dir, name, { state: "ready" });
    watch.watch(name, fresh);
  });
  return restarted.catch((error: unknown) => {
    throw error instanceof RollcallError ? maskError(error, mask) : error;
  });
}

/** Also what a killed service has left: its children may still hold its port. */
async function endOld(old: Instance, service: Service, { emit }: RunSession): Promise<void> {
  const beganMs = performance.now();
  const { signal, graceMs } = service.stop;
  emit({ type: "stop.requested", service: service.name, signal, graceMs });
  const exit = await old.stop(service.stop);
  emit({ type: "stop.done", service: service.name, exit, tookMs: Math.round(performance.now() - beganMs) });
  old.close();
}

async function startAnew(service: Service, session: RunSession, signal: AbortSignal): Promise<Instance> {
  const { request, runtime, place, dir, record, emit } = session;
  const beganMs = performance.now();
  emit({ type: "start.requested", service: service.name, because: [] });
  const ports = new Map<string, readonly PublishedPort[]>(
    record.units.map((unit) => [unit.name, unit.ports]),
  );
  const logFile = (unit: string) => logFileOf(dir, unit);
  const order = startOrder(service, { stack: request.stack, runtime, ports, logFile });
  const instance = await place.start(order, { signal });
  const { incarnation } = instance;
  emit({
    type: "start.done",
    service: service.name,
    incarnation,
    tookMs: Math.round(performance.now() - beganMs),
  });
  return instance;
}

function tellOpen(service: string, proof: Proof, { request, emit }: RunSession): void {
  const { level, incarnation, attempts } = proof;
  const observed = stackMask(request.stack)(proof.observed);
  emit({ type: "gate.opened", service, level, observed, incarnation, attempts, tookMs: 0 });
}
