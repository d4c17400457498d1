import type { Instance, Place } from "../../runtime/types.ts";
import type { Stack } from "../../stack/types.ts";
import { adoptAll } from "../end/take-down.ts";
import { openRuntimeOf } from "../runtimes.ts";
import { type FoundRun, findLiveRun } from "../state/find.ts";
import { completed, hasCompleted } from "../state/has-completed.ts";
import { identityOf } from "../state/identity.ts";
import type { RunRecord, Status, UnitRecord, UnitStatus } from "../types.ts";

/** The run of this stack and name with what lives of it now; undefined: none is up. Throws STATE_INVALID. */
export async function statusOf(
  stack: Pick<Stack, "dir" | "name">,
  options: { readonly name?: string } = {},
): Promise<Status | undefined> {
  const found = await findLiveRun(stack, options.name ?? stack.name);
  return found === undefined ? undefined : lookAtRun(found);
}

async function lookAtRun({ dir, record }: FoundRun): Promise<Status> {
  const runtime = await openRuntimeOf(dir, record);
  const place = runtime.open(identityOf(dir, record));
  try {
    const instances = await adoptAll(record, place);
    const status = await describeRun(record, instances, place);
    for (const instance of instances.values()) instance.close();
    return status;
  } finally {
    await place.close();
    await runtime.close();
  }
}

/** The record's words, corrected by what is alive. */
export async function describeRun(
  record: RunRecord,
  instances: ReadonlyMap<string, Instance>,
  place: Place,
): Promise<Status> {
  const services = await Promise.all(
    record.units.map(async (unit) => {
      const instance = instances.get(unit.name);
      const done = await hasCompleted(unit, instance, place);
      return describeUnit(done ? { ...unit, ...completed } : unit, record, await lives(instance));
    }),
  );
  const died = record.state === "ready" && services.some((service) => service.state === "exited");
  const { stack, run, name, runtime, order, startedAt, readyMs, env } = record;
  const state = died ? "failed" : record.state;
  return { stack, run, name, runtime, order, state, startedAt, readyMs, services, env };
}

async function lives(instance: Instance | undefined): Promise<boolean> {
  return instance !== undefined && (await instance.alive()) !== undefined;
}

function describeUnit(unit: UnitRecord, record: RunRecord, alive: boolean): UnitStatus {
  const { name, kind, level, observed, startMs, readyMs, log, instance } = unit;
  const wasUp = unit.state === "ready" || (unit.state === "starting" && record.state !== "starting");
  const pid = instance?.incarnation.pid;
  return {
    name,
    kind,
    state: kind === "service" && wasUp && !alive ? "exited" : unit.state,
    level,
    observed,
    ports: Object.fromEntries(
      unit.ports.map((port) => [
        port.name,
        { host: "127.0.0.1", port: port.host, url: unit.urls[port.name] ?? "" },
      ]),
    ),
    startMs,
    readyMs,
    ...(alive && record.runtime === "process" && pid !== undefined && { pid }),
    ...(instance !== null && record.runtime !== "process" && { container: instance.incarnation.id }),
    log,
  };
}
