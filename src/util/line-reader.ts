import { StringDecoder } from "node:string_decoder";

const longestLineBytes = 1024 * 1024;

/**
 * Complete lines out of pieces; bytes are decoded by the line, so no character is ever torn. Of a line that does not
 * end within 1 MiB the rest is left out, and `…` says so.
 */
export class LineReader {
  #pieces: Buffer[] = [];
  #bytes = 0;
  #cut = false;

  /** The lines that end in this piece; to be taken to the last one. */
  *read(written: Buffer): Generator<string, void> {
    let start = 0;
    for (let end = written.indexOf(0x0a); end >= 0; end = written.indexOf(0x0a, start)) {
      this.#keep(written.subarray(start, end));
      yield this.#line();
      start = end + 1;
    }
    this.#keep(written.subarray(start));
  }

  /** What never got its line feed; undefined: nothing. */
  end(): string | undefined {
    return this.#bytes === 0 ? undefined : this.#line();
  }

  #keep(piece: Buffer): void {
    const kept = piece.subarray(0, longestLineBytes - this.#bytes);
    this.#cut ||= kept.length < piece.length;
    if (kept.length === 0) return;
    this.#pieces.push(kept);
    this.#bytes += kept.length;
  }

  #line(): string {
    const bytes = Buffer.concat(this.#pieces);
    const text = this.#cut ? `${new StringDecoder("utf8").write(bytes)}…` : bytes.toString("utf8");
    this.#pieces = [];
    this.#bytes = 0;
    this.#cut = false;
    return text.replace(/\r$/, "");
  }
}
