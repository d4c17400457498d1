import { writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ownerAlive, ownerOfThisProcess } from "../util/process-table.ts";
import { makeIndexDir } from "./folders.ts";
import { type Lock, type LockHolder, type LockOptions, lockKey } from "./lock.ts";
import { readPrivateFile } from "./private-files.ts";
import type { Owner } from "./types.ts";

type Content = LockHolder & { readonly owner: Owner };

/** Where the kernel has no names that die with their holder: a file that says who holds it. */
export async function acquireLockFile(options: LockOptions): Promise<Lock> {
  const file = join(await makeIndexDir(), `${lockKey(options)}.lock`);
  let told: number | undefined;
  for (;;) {
    options.signal.throwIfAborted();
    if (tryWrite(file, options.doing)) return { release: () => rm(file, { force: true }) };
    const holder = await readHolder(file);
    if (holder !== undefined && !ownerAlive(holder.owner)) {
      await rm(file, { force: true });
      continue;
    }
    if (holder !== undefined && holder.pid !== told) options.onWait(holder);
    told = holder?.pid ?? told;
    await delay(50, undefined, { signal: options.signal });
  }
}

function tryWrite(file: string, doing: string): boolean {
  const content: Content = { pid: process.pid, doing, owner: ownerOfThisProcess() };
  try {
    writeFileSync(file, JSON.stringify(content), { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** undefined: freed meanwhile, or not yet written as a whole. */
async function readHolder(file: string): Promise<Content | undefined> {
  try {
    return JSON.parse((await readPrivateFile(file)) ?? "") as Content;
  } catch {
    return undefined;
  }
}
