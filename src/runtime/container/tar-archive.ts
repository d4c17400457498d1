import { Readable } from "node:stream";
import tar from "tar-stream";

type Header = Parameters<tar.Pack["entry"]>[0];

/** A tar archive that is made while it is read. */
export interface TarArchive {
  readonly stream: Readable;
  /** Waits for the reader, so that no more than one file is in memory. Rejects when the archive has been broken off. */
  add(header: Header, content?: string | Buffer): Promise<void>;
  finish(): void;
  breakOff(error: Error): void;
}

export function createTarArchive(): TarArchive {
  const pack = tar.pack();
  let broken: Error | undefined;
  let onBroken: (error: Error) => void = () => {};
  const breakOff = (error: Error) => {
    broken ??= error;
    onBroken(broken);
    pack.destroy(error);
  };
  return {
    stream: Readable.from(pack, { objectMode: false }),
    breakOff,
    finish: () => pack.finalize(),
    add: (header, content) =>
      new Promise((resolve, reject) => {
        if (broken !== undefined) return reject(broken);
        onBroken = reject;
        const done = (error?: Error | null) => (error ? reject(error) : resolve());
        if (content === undefined) pack.entry(header, done);
        else pack.entry(header, content, done);
      }),
  };
}
