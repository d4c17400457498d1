import type { Leftover, MarkedRun } from "../types.ts";
import type { Engine } from "./engine.ts";
import type { ListedContainer, ListedNetwork, ListedVolume } from "./engine-types.ts";
import { filterOf, readOwnerLabels, runLabel } from "./labels.ts";

/** Everything in an engine that carries a run's mark. */
export interface Owned {
  readonly containers: readonly ListedContainer[];
  readonly networks: readonly ListedNetwork[];
  readonly volumes: readonly ListedVolume[];
}

export async function findOwned(engine: Engine, runId: string): Promise<Owned> {
  return find(engine, filterOf(runId));
}

/** Every run that an engine has something of; what does not say whose it is, is left out. */
export async function findMarked(engine: Engine): Promise<readonly MarkedRun[]> {
  const { containers, networks, volumes } = await find(engine, JSON.stringify({ label: [runLabel] }));
  const runs = new Map<string, MarkedRun>();
  for (const { Labels } of [...containers, ...networks, ...volumes]) {
    const marks = readOwnerLabels(Labels);
    if (marks === undefined) continue;
    const { owner, ...run } = marks;
    runs.set(run.id, { ...run, owners: [...(runs.get(run.id)?.owners ?? []), owner] });
  }
  return [...runs.values()];
}

async function find(engine: Engine, filters: string): Promise<Owned> {
  const query = { filters };
  const [containers, networks, { Volumes }] = await Promise.all([
    engine.get<readonly ListedContainer[]>("/containers/json", { query: { ...query, all: true } }),
    engine.get<readonly ListedNetwork[]>("/networks", { query }),
    engine.get<{ readonly Volumes: readonly ListedVolume[] | null }>("/volumes", { query }),
  ]);
  return { containers, networks, volumes: Volumes ?? [] };
}

export function leftovers({ containers, networks, volumes }: Owned): readonly Leftover[] {
  return [
    ...containers.map(({ Id, Names, State }) => ({
      kind: "container" as const,
      text: `container ${Names[0]?.replace(/^\//, "") ?? Id.slice(0, 12)} (${State})`,
    })),
    ...networks.map(({ Name }) => ({ kind: "network" as const, text: `network ${Name}` })),
    ...volumes.map(({ Name }) => ({ kind: "volume" as const, text: `volume ${Name}` })),
  ];
}
