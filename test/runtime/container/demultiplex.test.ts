import { expect, test } from "vitest";
import { createDemultiplexer } from "../../../src/runtime/container/demultiplex.ts";

const frame = (stream: number, text: string) => {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
};

test("Frames come out whole wherever the chunks were cut", () => {
  const bytes = Buffer.concat([frame(1, "out\n"), frame(2, "error\n"), frame(1, ""), frame(1, "ünd\n")]);
  for (let size = 1; size <= bytes.length; size++) {
    const take = createDemultiplexer();
    const parts: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size) parts.push(take(bytes.subarray(at, at + size)));
    expect(Buffer.concat(parts).toString()).toBe("out\nerror\nünd\n");
  }
});
