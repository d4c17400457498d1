import type { Leftover } from "../types.ts";
import type { Engine } from "./engine.ts";
import type { ListedContainer, ListedNetwork, ListedVolume } from "./engine-types.ts";
import { filterOf } from "./labels.ts";

/** Everything in an engine that carries a run's mark. */
export interface Owned {
  readonly containers: readonly ListedContainer[];
  readonly networks: readonly ListedNetwork[];
  readonly volumes: readonly ListedVolume[];
}

export async function findOwned(engine: Engine, runId: string): Promise<Owned> {
  const query = { filters: filterOf(runId) };
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
