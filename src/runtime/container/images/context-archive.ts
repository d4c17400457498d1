import { readFile } from "node:fs/promises";
import type { Readable } from "node:stream";
import { createTarArchive, type TarArchive } from "../tar-archive.ts";
import type { BuildInputs, ContextEntry } from "./build-inputs.ts";
import { contentDigest } from "./digest-cache.ts";
import { ignoreFiles } from "./ignore.ts";

/** The name of a Containerfile that does not lie in the context. */
const addedName = ".rollcall-containerfile";

export interface ContextArchive {
  /** Path of the Containerfile in the archive. */
  readonly containerfile: string;
  readonly stream: Readable;
  /** Whether some file was no longer what its digest says; then the stream was broken off. */
  changed(): boolean;
  close(): void;
}

export function archiveContext(inputs: BuildInputs): ContextArchive {
  const archive = createTarArchive();
  let changed = false;
  let closed = false;
  const packAll = async () => {
    const added = inputs.containerfilePath === undefined;
    if (added) await addContainerfile(archive, inputs);
    for (const entry of inputs.entries) await addEntry(archive, entry, added ? hidden(inputs) : "");
    archive.finish();
  };
  packAll().catch((error: Error) => {
    changed = !closed;
    archive.breakOff(error);
  });
  return {
    containerfile: inputs.containerfilePath ?? addedName,
    stream: archive.stream,
    changed: () => changed,
    close() {
      closed = true;
      archive.breakOff(new Error("closed"));
    },
  };
}

/** What was added must not get into the image: the ignore files name it, and one that was added names itself. */
async function addContainerfile(archive: TarArchive, inputs: BuildInputs): Promise<void> {
  await archive.add({ name: addedName, mode: 0o600 }, inputs.containerfile);
  if (!hasIgnoreFile(inputs)) await archive.add({ name: ".dockerignore", mode: 0o600 }, hidden(inputs));
}

function hidden(inputs: BuildInputs): string {
  return hasIgnoreFile(inputs) ? `\n${addedName}\n` : `${addedName}\n.dockerignore\n`;
}

function hasIgnoreFile({ entries }: BuildInputs): boolean {
  return entries.some(({ path }) => ignoreFiles.includes(path));
}

async function addEntry(archive: TarArchive, entry: ContextEntry, hide: string): Promise<void> {
  const { path, absolute, type, mode, stats, digest } = entry;
  const header = { mode, mtime: stats.mtime, uid: 0, gid: 0 };
  if (type === "folder") return archive.add({ ...header, name: `${path}/`, type: "directory" });
  if (type === "link") return archive.add({ ...header, name: path, type: "symlink", linkname: digest });
  const content = await readFile(absolute);
  if (contentDigest(content) !== digest) throw new Error(`${path} changed while it was read`);
  const isIgnoreFile = hide !== "" && ignoreFiles.includes(path);
  return archive.add({ ...header, name: path }, isIgnoreFile ? `${content.toString()}${hide}` : content);
}
