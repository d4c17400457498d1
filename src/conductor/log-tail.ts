import { constants } from "node:fs";
import { open } from "node:fs/promises";
import type { Mask } from "../util/mask.ts";
import { shown } from "../util/shown.ts";

/** So much of the log's end is read, however large it is. */
const windowBytes = 64 * 1024;
const longestLine = 1000;

/** The last lines of a log, masked, safe to show; empty when there is no log. Never throws. */
export async function readLogTail(
  file: string,
  { lines, mask }: { readonly lines: number; readonly mask: Mask },
): Promise<string[]> {
  const end = await readEnd(file).catch(() => undefined);
  if (end === undefined) return [];
  return shown(end, mask)
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "")
    .slice(-lines)
    .map((line) => (line.length > longestLine ? `…${line.slice(-longestLine)}` : line));
}

async function readEnd(file: string): Promise<string> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { size } = await handle.stat();
    const from = Math.max(0, size - windowBytes);
    const bytes = Buffer.alloc(size - from);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, from);
    const text = bytes.subarray(0, bytesRead).toString("utf8");
    // The first line is cut off, unless it is all there is.
    const firstBreak = text.indexOf("\n");
    return from > 0 && firstBreak !== -1 && firstBreak < text.length - 1 ? text.slice(firstBreak + 1) : text;
  } finally {
    await handle.close();
  }
}

/** At most so much of a log is read at once; the next look reads on. */
const longestReadBytes = 4 * 1024 * 1024;

/** A log from the given byte on; empty when there is none yet. */
export async function readLogFrom(file: string, fromByte: number): Promise<Buffer> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    () => undefined,
  );
  if (handle === undefined) return Buffer.alloc(0);
  try {
    const { size } = await handle.stat();
    const bytes = Buffer.alloc(Math.max(0, Math.min(size - fromByte, longestReadBytes)));
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, fromByte);
    return bytes.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
