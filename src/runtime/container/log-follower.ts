import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { createDemultiplexer } from "./demultiplex.ts";
import { type Engine, noLimitMs } from "./engine.ts";

const againMs = 500;

export interface LogSource {
  readonly engine: Engine;
  readonly container: string;
  /** Without frames. */
  readonly tty: boolean;
  readonly file: string;
}

export interface LogFollower {
  /** Settles when the engine has ended the stream, or it was closed; never rejects. True: to its end. */
  readonly ended: Promise<boolean>;
  close(): void;
}

/**
 * Writes the container's log into the file as it grows. The file *is* the container's whole log, byte for byte: whoever
 * follows writes the same bytes to the same places, so several processes may do so at once, and starting anew is harmless.
 */
export function followLog(source: LogSource): LogFollower {
  const controller = new AbortController();
  return {
    ended: keepFollowing(source, controller.signal),
    close: () => controller.abort(new Error("closed")),
  };
}

/** A busy engine may break a stream off, or refuse to begin one. */
async function keepFollowing(source: LogSource, signal: AbortSignal): Promise<boolean> {
  while (!(await copyLog(source, { follow: true, signal }))) {
    await delay(againMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return false;
  }
  return true;
}

/** Writes the log as it is now. False: it could not be had. */
export async function copyLog(
  { engine, container, tty, file }: LogSource,
  { follow, signal }: { readonly follow: boolean; readonly signal: AbortSignal },
): Promise<boolean> {
  let handle: FileHandle | undefined;
  try {
    // Not O_APPEND: the position counts.
    handle = await open(file, constants.O_CREAT | constants.O_WRONLY | constants.O_NOFOLLOW, 0o600);
    const query = { follow, stdout: true, stderr: true };
    // Podman begins to answer with the first line, however late that comes.
    const limited = follow ? { limitMs: noLimitMs } : {};
    const stream = await engine.stream("GET", `/containers/${container}/logs`, { query, signal, ...limited });
    const take = tty ? (chunk: Buffer) => chunk : createDemultiplexer();
    let position = 0;
    for await (const chunk of stream) {
      const bytes = take(chunk as Buffer);
      if (bytes.length === 0) continue;
      await handle.write(bytes, 0, bytes.length, position);
      position += bytes.length;
    }
    return true;
  } catch {
    return false;
  } finally {
    await handle?.close();
  }
}
