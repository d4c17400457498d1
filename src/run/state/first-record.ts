import type { PublishedPort, Runtime } from "../../runtime/types.ts";
import { addressesFor, portUrl, resolveTemplate } from "../../stack/resolve.ts";
import type { Stack, Unit } from "../../stack/types.ts";
import { ownerOfThisProcess } from "../../util/owner.ts";
import type { UpRequest } from "../request.ts";
import type { RunRecord, UnitRecord } from "../types.ts";
import { logFileOf, tempDirOf } from "./folders.ts";

type Ports = ReadonlyMap<string, readonly PublishedPort[]>;

interface Beginning {
  readonly id: string;
  readonly dir: string;
  readonly request: UpRequest;
  readonly runtime: Pick<Runtime, "kind" | "address">;
  readonly portMode: "fixed" | "free";
  readonly stay: boolean;
  readonly ports: Ports;
}

/** A run's record before anything of it has been started. */
export function firstRecord({ id, dir, request, runtime, portMode, stay, ports }: Beginning): RunRecord {
  const { stack, plan, name, stackDir, definition, order, user } = request;
  const owner = ownerOfThisProcess();
  return {
    version: 1,
    run: id,
    stack: stack.name,
    name,
    definition,
    runtime: runtime.kind,
    ...(runtime.address === undefined ? {} : { engine: runtime.address }),
    order,
    ports: portMode,
    state: "starting",
    stay,
    owner,
    users: [{ id: user, owner }],
    stackDir,
    startedAt: new Date().toISOString(),
    readyMs: null,
    tempDir: tempDirOf(id),
    units: plan.steps.map(({ unit }) => waitingUnit(unit, dir, ports.get(unit.name) ?? [])),
    env: {},
  };
}

function waitingUnit(unit: Unit, dir: string, ports: readonly PublishedPort[]): UnitRecord {
  return {
    name: unit.name,
    kind: unit.kind,
    state: "waiting",
    ports,
    urls: urlsOf(unit, ports),
    instance: null,
    level: null,
    observed: null,
    startMs: null,
    readyMs: null,
    log: logFileOf(dir, unit.name),
    stop: unit.stop,
    after: unit.after.map((dependency) => dependency.service),
    ...(unit.kind === "service" && unit.mayComplete === true ? { mayComplete: true } : {}),
  };
}

function urlsOf(unit: Unit, ports: readonly PublishedPort[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    unit.ports.flatMap((port) => {
      const host = ports.find((published) => published.name === port.name)?.host;
      return host === undefined ? [] : [[port.name, portUrl(unit, port, { host: "127.0.0.1", port: host })]];
    }),
  );
}

/** What the stack exports, as clients on this machine see it; what refers to units that were not asked for is left out. */
export function resolveExports(stack: Stack, ports: Ports): Readonly<Record<string, string>> {
  const address = addressesFor({ reader: undefined, addressing: "outside", stack, ports });
  const isUp = (service: string) => ports.has(service);
  return Object.fromEntries(
    Object.entries(stack.exports)
      .filter(([, template]) => template.every((part) => typeof part === "string" || isUp(part.service)))
      .map(([key, template]) => [key, resolveTemplate(template, { stack, address })]),
  );
}
