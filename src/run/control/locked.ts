import { lockRun } from "../lock/lock-request.ts";
import type { RunSession } from "../session.ts";

/** Does something under the run's lock: nobody may take the run down or attach meanwhile. */
export async function locked<T>(doing: string, { request }: RunSession, body: () => Promise<T>): Promise<T> {
  const { stackDir, name } = request;
  const signal = new AbortController().signal;
  const lock = await lockRun({ stackDir, name, doing, signal, onWait: () => {} });
  try {
    return await body();
  } finally {
    await lock.release();
  }
}
