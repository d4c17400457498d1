import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { holdFile, readHolder } from "../../util/held-file.ts";
import { ownerAlive, ownerOfThisProcess } from "../../util/owner.ts";
import { makeIndexDir } from "../state/folders.ts";
import type { Owner } from "../types.ts";
import { type Lock, type LockHolder, type LockOptions, lockKey } from "./lock.ts";

type Holder = LockHolder & { readonly owner: Owner };

/** Where the kernel has no names that die with their holder: a file that says who holds it. */
export async function acquireLockFile(options: LockOptions): Promise<Lock> {
  const path = join(await makeIndexDir(), `${lockKey(options)}.lock`);
  const own: Holder = { pid: process.pid, doing: options.doing, owner: ownerOfThisProcess() };
  let told: number | undefined;
  for (;;) {
    const release = holdFile({ path, holder: own, mode: 0o600, lives });
    if (release !== undefined) return { release: async () => release() };
    const holder = readHolder<Holder>(path);
    options.signal.throwIfAborted();
    if (holder !== undefined && holder.pid !== told) options.onWait(holder);
    told = holder?.pid ?? told;
    await delay(50, undefined, { signal: options.signal });
  }
}

function lives({ owner }: Holder): boolean {
  return ownerAlive(owner);
}
