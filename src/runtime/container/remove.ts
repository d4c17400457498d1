import { join } from "node:path";
import type { Leftover, RunIdentity } from "../types.ts";
import type { Engine } from "./engine.ts";
import { EngineRefusal } from "./engine-refusal.ts";
import type { ContainerDetails, ListedContainer } from "./engine-types.ts";
import { untilEnded } from "./exit-watch.ts";
import { unitLabel } from "./labels.ts";
import { companionsEnded } from "./local-processes.ts";
import { copyLog } from "./log-follower.ts";
import { findOwned, leftovers } from "./owned.ts";

const companionLimitMs = 10_000;
const logLimitMs = 30_000;
const endLimitMs = 10_000;
/** A container that is being removed by somebody else already, a network whose last container is just going. */
const passingLimitMs = 15_000;

/** Removes everything of the run from the engine; logs are saved before. Gives what is left. */
export async function removeOwned(
  engine: Engine,
  run: RunIdentity,
  signal: AbortSignal,
): Promise<readonly Leftover[]> {
  const { containers } = await findOwned(engine, run.id);
  const why: Leftover[] = [];
  const removing = (kind: Leftover["kind"], what: string, path: string, query: Record<string, unknown>) =>
    removeOne(engine, path, query, signal).catch((error: unknown) => {
      if (!(error instanceof EngineRefusal)) throw error;
      why.push({ kind, text: `${kind} ${what}: ${error.said}` });
    });
  await Promise.all(
    containers.map(async (container) => {
      await saveLog(engine, run, container);
      await removing("container", container.Id.slice(0, 12), `/containers/${container.Id}`, {
        force: true,
        v: true,
      });
    }),
  );
  const ids = containers.map(({ Id }) => Id);
  const companions = await companionsEnded(ids, companionLimitMs);
  // Looked up again: a start that was called off may have been carried out all the same.
  const { networks, volumes, containers: late } = await findOwned(engine, run.id);
  for (const { Id } of late) {
    await removing("container", Id.slice(0, 12), `/containers/${Id}`, { force: true, v: true });
  }
  for (const { Id, Name } of networks) await removing("network", Name, `/networks/${Id}`, {});
  for (const { Name } of volumes) await removing("volume", Name, `/volumes/${Name}`, { force: true });
  const left = leftovers(await findOwned(engine, run.id));
  return [
    ...(left.length > 0 ? [...left, ...why] : []),
    ...companions.map(({ pid, name, container }) => ({
      kind: "process" as const,
      text: `process ${pid} (${name} of container ${container.slice(0, 12)})`,
    })),
  ];
}

async function removeOne(
  engine: Engine,
  path: string,
  query: Record<string, unknown>,
  signal: AbortSignal,
): Promise<void> {
  const endMs = performance.now() + passingLimitMs;
  for (;;) {
    try {
      await engine.request("DELETE", path, { query, signal, limitMs: 60_000, accept: [404] });
      return;
    } catch (error) {
      if (!(error instanceof EngineRefusal) || performance.now() > endMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** Nobody may have listened since the command that started it ended. */
async function saveLog(engine: Engine, run: RunIdentity, { Id, Labels }: ListedContainer): Promise<void> {
  const unit = Labels?.[unitLabel];
  if (unit === undefined || !/^[a-z0-9-]+$/.test(unit)) return;
  const details = await engine.get<ContainerDetails>(`/containers/${Id}/json`).catch(() => undefined);
  if (details === undefined || details.State.Status === "created") return;
  if (details.State.Running) await endForItsLog(engine, Id);
  const file = join(run.dir, "logs", `${unit}.log`);
  const source = { engine, container: Id, tty: details.Config.Tty, file };
  await copyLog(source, { follow: false, signal: AbortSignal.timeout(logLimitMs) });
}

/** What it wrote last may still be on its way into the log, and all of it is there when it has ended. */
async function endForItsLog(engine: Engine, id: string): Promise<void> {
  try {
    await engine.request("POST", `/containers/${id}/kill`, { query: { signal: "SIGKILL" } });
    await untilEnded(engine, id, { limitMs: endLimitMs });
  } catch {
    // Its removal ends it, or says why not.
  }
}
