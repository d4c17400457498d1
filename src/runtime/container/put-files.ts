import { lstat, readdir, readFile, readlink, stat } from "node:fs/promises";
import { join, posix } from "node:path";
import { RollcallError } from "../../errors/rollcall-error.ts";
import type { FileMount } from "../../stack/types.ts";
import type { StartOrder } from "../types.ts";
import type { Engine } from "./engine.ts";
import { createTarArchive, type TarArchive } from "./tar-archive.ts";

type Copied = Extract<FileMount, { kind: "copy" | "content" }>;

/** Copies files into a container that has been created and not started. */
export async function putFiles(
  engine: Engine,
  container: string,
  { unit, resolve }: StartOrder,
  signal: AbortSignal,
): Promise<void> {
  const files = unit.files.filter((file) => file.kind === "copy" || file.kind === "content");
  if (files.length === 0) return;
  const archive = createTarArchive();
  const packed = packFiles(archive, files, resolve, unit.name).catch((error: Error) => {
    archive.breakOff(error);
    throw error;
  });
  const sent = engine
    .request("PUT", `/containers/${container}/archive`, {
      query: { path: "/" },
      archive: archive.stream,
      signal,
      limitMs: 300_000,
    })
    .catch((error: Error) => {
      archive.breakOff(error);
      throw error;
    });
  // Where both fail, packing is the cause when the file could not be read, and sending otherwise.
  const [packing, sending] = await Promise.allSettled([packed, sent]);
  if (packing.status === "rejected") throw packing.reason;
  if (sending.status === "rejected") throw sending.reason;
}

async function packFiles(
  archive: TarArchive,
  files: readonly Copied[],
  resolve: StartOrder["resolve"],
  unit: string,
): Promise<void> {
  for (const file of files) {
    const name = posix.normalize(file.target).replace(/^\/+/, "");
    if (file.kind === "content") {
      await archive.add({ name, mode: file.mode ?? 0o644 }, resolve(file.content));
      continue;
    }
    // The source itself may be a link; links inside of a folder stay links.
    const found = await stat(file.source).catch((cause) => {
      const message = `${unit}: the file ${file.source}, to be copied to ${file.target}, cannot be read.`;
      throw new RollcallError("START_FAILED", { service: unit, message, cause });
    });
    if (found.isDirectory()) await packFolder(archive, file.source, name, file.mode);
    else await archive.add({ name, mode: file.mode ?? found.mode & 0o7777 }, await readFile(file.source));
  }
  archive.finish();
}

/** A mode is for files: folders without their x would be closed. */
async function packFolder(archive: TarArchive, folder: string, name: string, mode: number | undefined) {
  await archive.add({ name: `${name}/`, type: "directory", mode: (await stat(folder)).mode & 0o7777 });
  for (const child of (await readdir(folder)).sort()) {
    const path = join(folder, child);
    const inside = `${name}/${child}`;
    const found = await lstat(path);
    if (found.isDirectory()) {
      await packFolder(archive, path, inside, mode);
    } else if (found.isSymbolicLink()) {
      await archive.add({ name: inside, type: "symlink", linkname: await readlink(path) });
    } else if (found.isFile()) {
      await archive.add({ name: inside, mode: mode ?? found.mode & 0o7777 }, await readFile(path));
    }
  }
}
