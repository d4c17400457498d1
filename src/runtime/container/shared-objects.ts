import { RollcallError } from "../../errors/rollcall-error.ts";
import type { Stack } from "../../stack/types.ts";
import type { RunIdentity } from "../types.ts";
import type { Engine } from "./engine.ts";
import { EngineRefusal } from "./engine-refusal.ts";
import type { ListedNetwork, ListedVolume } from "./engine-types.ts";
import { ownerLabels, runLabel } from "./labels.ts";
import { networkName, volumeName } from "./names.ts";

/**
 * Makes the run's network and volumes; those that are there already must be the run's own. Always to the end, of
 * every one: a request that is given up is carried out all the same.
 */
export async function makeSharedObjects(engine: Engine, run: RunIdentity, stack: Stack): Promise<void> {
  const volumes = stack.units.flatMap(({ files }) =>
    files.flatMap((file) => (file.kind === "volume" ? [volumeName(run, file.volume)] : [])),
  );
  const outcomes = await Promise.allSettled([
    makeNetwork(engine, run),
    ...[...new Set(volumes)].map((name) => makeVolume(engine, run, name)),
  ]);
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
}

async function makeNetwork(engine: Engine, run: RunIdentity): Promise<void> {
  const name = networkName(run);
  const same = await networksNamed(engine, name);
  for (const network of same) mustBeOurs(run, network.Labels, `network ${name} (${network.Id.slice(0, 12)})`);
  if (same.length > 0) return;
  try {
    await engine.request("POST", "/networks/create", {
      body: { Name: name, CheckDuplicate: true, Driver: "bridge", Labels: ownerLabels(run) },
      limitMs: 60_000,
    });
  } catch (error) {
    // Made in the meantime: by another call for this run, or by somebody else.
    const now = error instanceof EngineRefusal ? await networksNamed(engine, name) : [];
    if (now.length === 0) throw asEngineFailure(error, `The network ${name} could not be made`);
    for (const network of now)
      mustBeOurs(run, network.Labels, `network ${name} (${network.Id.slice(0, 12)})`);
  }
}

/** Engines filter by parts of names. */
async function networksNamed(engine: Engine, name: string) {
  const query = { filters: JSON.stringify({ name: [name] }) };
  const networks = await engine.get<readonly ListedNetwork[]>("/networks", { query });
  return networks.filter((network) => network.Name === name);
}

async function makeVolume(engine: Engine, run: RunIdentity, name: string) {
  // Creating answers with the volume that is there, whoever made it.
  const body = { Name: name, Driver: "local", Labels: ownerLabels(run) };
  const { status, data } = await engine.request("GET", `/volumes/${name}`, { accept: [404] });
  if (status === 404) await engine.request("POST", "/volumes/create", { body });
  else mustBeOurs(run, (data as ListedVolume).Labels, `volume ${name}`);
}

function mustBeOurs(run: RunIdentity, labels: Readonly<Record<string, string>> | null, what: string): void {
  if (labels?.[runLabel] === run.id) return;
  throw new RollcallError("NAME_TAKEN", { message: `The ${what} is there already, and not of this run.` });
}

export function asEngineFailure(error: unknown, what: string): unknown {
  if (!(error instanceof EngineRefusal)) return error;
  const hint = /address pool|subnet/.test(error.said)
    ? "All of the engine's subnets are in use: remove networks that nobody uses any more."
    : undefined;
  return new RollcallError("ENGINE_FAILED", {
    message: `${what}: ${error.said}`,
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  });
}
