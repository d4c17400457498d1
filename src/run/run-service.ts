import { readLogTail } from "../conductor/log-tail.ts";
import { startOrder } from "../conductor/start-order.ts";
import { RollcallError } from "../errors/rollcall-error.ts";
import { stackMask } from "../journal/mask-event.ts";
import type { Instance, PublishedPort } from "../runtime/types.ts";
import type { Service } from "../stack/types.ts";
import { logFileOf } from "./folders.ts";
import { lockRun } from "./lock-request.ts";
import { prove } from "./prove.ts";
import { readRecord, writeRecord } from "./record.ts";
import type { RunScopes } from "./run-scopes.ts";
import type { RunSession } from "./session.ts";
import type { RunService, UnitRecord } from "./types.ts";
import type { RunWatch } from "./watch-run.ts";

/** Longest run of a command in a service's place, in milliseconds. */
const execLimitMs = 10 * 60_000;

/** One service of a run that is up. Throws USAGE when the run has none of this name. */
export function createRunService(
  name: string,
  session: RunSession,
  watch: RunWatch,
  scopes: RunScopes,
): RunService {
  const unit = session.record.units.find((each) => each.name === name && each.kind === "service");
  if (unit === undefined) throw unknownService(name, session);
  const address = (port?: string) => addressOf(unit, port);
  const instance = () => instanceOf(name, session);
  return {
    name,
    host: "127.0.0.1",
    get port() {
      return address().port;
    },
    url: (port) => unit.urls[portOf(unit, port).name] ?? "",
    address,
    logs: async ({ tail = 100 } = {}) => {
      await session.instances.get(name)?.catchUpLog?.();
      const mask = stackMask(session.request.stack);
      return (await readLogTail(logFileOf(session.dir, name), { lines: tail, mask })).join("\n");
    },
    exec: (argv) => instance().exec(argv, { signal: AbortSignal.timeout(execLimitMs) }),
    pause: () => instance().pause(),
    resume: () => instance().resume(),
    kill: () => {
      watch.expectEnd(instance());
      return instance().kill();
    },
    restart: () => restart(name, session, watch),
    ...scopes.of(name, address),
  };
}

/** Under the lock: nobody may take the run down or attach meanwhile. */
async function restart(name: string, session: RunSession, watch: RunWatch): Promise<void> {
  const { request, dir } = session;
  const service = request.stack.units.find((unit) => unit.name === name);
  if (service?.kind !== "service") throw unknownService(name, session);
  const { stackDir, name: runName } = request;
  const lock = await lockRun({
    stackDir,
    name: runName,
    doing: `restarting ${name}`,
    signal: new AbortController().signal,
    onWait: () => {},
  });
  try {
    const old = instanceOf(name, session);
    watch.forget(old);
    await endOld(old, service, session);
    const signal = AbortSignal.timeout(service.budgetMs);
    const fresh = await startAnew(service, session, signal);
    session.instances.set(name, fresh);
    await changeUnit(dir, name, { instance: fresh.record });
    const proof = await prove({ service, instance: fresh, logFile: logFileOf(dir, name), signal });
    if (typeof proof === "string")
      throw new RollcallError("NOT_READY", { service: name, message: `${proof}.` });
    session.emit({
      type: "gate.opened",
      service: name,
      level: proof.level,
      observed: stackMask(request.stack)(proof.observed),
      incarnation: proof.incarnation,
      attempts: proof.attempts,
      tookMs: 0,
    });
    watch.watch(name, fresh);
  } finally {
    await lock.release();
  }
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

async function changeUnit(dir: string, name: string, changes: Partial<UnitRecord>): Promise<void> {
  const record = await readRecord(dir);
  if (record === undefined) return;
  const units = record.units.map((unit) => (unit.name === name ? { ...unit, ...changes } : unit));
  await writeRecord(dir, { ...record, units });
}

function instanceOf(name: string, { instances, record }: RunSession): Instance {
  const instance = instances.get(name);
  if (instance !== undefined) return instance;
  throw new RollcallError("NOT_RUNNING", {
    service: name,
    message: `${name} of ${record.name} is not running.`,
  });
}

function portOf(unit: UnitRecord, port: string | undefined): PublishedPort {
  const found = port === undefined ? unit.ports[0] : unit.ports.find((each) => each.name === port);
  if (found !== undefined) return found;
  const names = unit.ports.map((each) => each.name).join(", ");
  throw new RollcallError("USAGE", {
    service: unit.name,
    message: `${unit.name} has no port ${port ?? "at all"}; it has: ${names || "none"}.`,
    hint: "Name one of its ports.",
  });
}

function addressOf(unit: UnitRecord, port: string | undefined) {
  return { host: "127.0.0.1", port: portOf(unit, port).host };
}

function unknownService(name: string, { record }: RunSession): RollcallError {
  const names = record.units.filter((unit) => unit.kind === "service").map((unit) => unit.name);
  return new RollcallError("USAGE", {
    message: `There is no service ${name} in this run; it has: ${names.join(", ")}.`,
    hint: "Name one of its services.",
  });
}
