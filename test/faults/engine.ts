import Docker from "dockerode";
import type { RuntimeKind } from "../../src/runtime/types.ts";
import { testEngines } from "../engines/engines.ts";

export const busybox = "docker.io/library/busybox:1";

/** The test's own connection to an engine, beside rollcall's. */
export function engineOf(kind: RuntimeKind): Docker {
  return new Docker({ socketPath: socketOf(kind) });
}

export function socketOf(kind: RuntimeKind): string {
  const { address = "" } = testEngines.find((engine) => engine.kind === kind) ?? {};
  return address.slice("unix://".length);
}

/** Everything that carries the label of the run, for people. */
export async function objectsOf(engine: Docker, run: string): Promise<readonly string[]> {
  const filters = JSON.stringify({ label: [`dev.rollcall.run=${run}`] });
  const [containers, networks, { Volumes: volumes }] = await Promise.all([
    engine.listContainers({ all: true, filters }),
    engine.listNetworks({ filters }),
    engine.listVolumes({ filters }),
  ]);
  return [
    ...containers.map(({ Names }) => `container ${Names[0]}`),
    ...networks.map(({ Name }) => `network ${Name}`),
    ...(volumes ?? []).map(({ Name }) => `volume ${Name}`),
  ];
}

/** The run's container of a unit. */
export async function containerOf(engine: Docker, run: string, unit: string): Promise<Docker.Container> {
  const filters = JSON.stringify({ label: [`dev.rollcall.run=${run}`, `dev.rollcall.unit=${unit}`] });
  const [found] = await engine.listContainers({ all: true, filters });
  if (found === undefined) throw new Error(`the run ${run} has no container of ${unit}`);
  return engine.getContainer(found.Id);
}
