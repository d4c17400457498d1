import { readFile } from "node:fs/promises";
import type { Readable } from "node:stream";
import { createTarArchive, type TarArchive } from "../tar-archive.ts";
import type { BuildInputs, ContextEntry } from "./build-inputs.ts";
import { contentDigest } from "./digest-cache.ts";

/** The Containerfile's name in the archive; it may lie outside of the context, or be no file at all. */
export const archivedContainerfile = ".rollcall-containerfile";

export interface ContextArchive {
  readonly stream: Readable;
  /** Whether some file was no longer what its digest says; then the stream was broken off. */
  changed(): boolean;
  close(): void;
}

export function archiveContext({ entries, containerfile }: BuildInputs): ContextArchive {
  const archive = createTarArchive();
  let changed = false;
  let closed = false;
  const packAll = async () => {
    await archive.add({ name: archivedContainerfile, mode: 0o600 }, containerfile);
    for (const entry of entries) await addEntry(archive, entry);
    archive.finish();
  };
  packAll().catch((error: Error) => {
    changed = !closed;
    archive.breakOff(error);
  });
  return {
    stream: archive.stream,
    changed: () => changed,
    close() {
      closed = true;
      archive.breakOff(new Error("closed"));
    },
  };
}

async function addEntry(archive: TarArchive, entry: ContextEntry): Promise<void> {
  const { path, absolute, type, mode, stats, digest } = entry;
  const header = { mode, mtime: stats.mtime, uid: 0, gid: 0 };
  if (type === "folder") return archive.add({ ...header, name: `${path}/`, type: "directory" });
  if (type === "link") return archive.add({ ...header, name: path, type: "symlink", linkname: digest });
  const content = await readFile(absolute);
  if (contentDigest(content) !== digest) throw new Error(`${path} changed while it was read`);
  return archive.add({ ...header, name: path }, content);
}
