import { lstat } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, isAbsolute } from "node:path";
import { asRollcallError } from "../../errors/rollcall-error.ts";
import type { MarkedRun, Runtime } from "../../runtime/types.ts";
import { ownerAlive } from "../../util/owner.ts";
import { openEngines } from "../runtimes.ts";
import { tempDirOf } from "../state/folders.ts";
import { readRecord } from "../state/record.ts";
import { readIndex } from "../state/run-index.ts";
import { hasEnded } from "../state/users.ts";
import type { Swept, Unswept } from "./sweep.ts";

const removeLimitMs = 60_000;

/**
 * Removes from this machine's engines what they made too late: its run is gone, and with it whoever looked for it.
 * Only what names a dead owner of this host, and a run whose own folder shows that it has ended.
 */
export async function sweepEngines(onFailure?: (failure: Unswept) => void): Promise<readonly Swept[]> {
  const swept: Swept[] = [];
  for (const runtime of await openEngines()) {
    await sweepEngine(runtime, swept).catch((error: unknown) =>
      onFailure?.({ dir: runtime.description, error: asRollcallError(error) }),
    );
    await runtime.close();
  }
  return swept;
}

async function sweepEngine(runtime: Runtime, swept: Swept[]): Promise<void> {
  const marked = await runtime.marked();
  // Read afterwards: a run is in the index before anything is made of it.
  const indexed = new Set((await readIndex()).map(({ run }) => run));
  for (const run of marked) {
    if (indexed.has(run.id) || !(await isLeft(run).catch(() => false))) continue;
    const { id, stack, name, dir } = run;
    const place = runtime.open({ id, stack, name, dir, tempDir: tempDirOf(id) });
    const left = await place.remove({ signal: AbortSignal.timeout(removeLimitMs) });
    await place.close();
    if (left.length === 0) swept.push({ run: id, stack, name, dir });
  }
}

async function isLeft({ id, dir, owners }: MarkedRun): Promise<boolean> {
  if (owners.some((owner) => owner.host !== hostname() || ownerAlive(owner))) return false;
  if (!isAbsolute(dir) || basename(dir) !== id) return false;
  const record = await readRecord(dir);
  return record === undefined ? wasPruned(dir) : hasEnded(record);
}

/** Folders of ended runs go in the end; a folder that cannot be seen from here says nothing. */
async function wasPruned(dir: string): Promise<boolean> {
  const runs = await lstat(dirname(dir));
  return runs.isDirectory() && runs.uid === process.getuid?.();
}
