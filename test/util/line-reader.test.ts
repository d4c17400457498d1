import { expect, test } from "vitest";
import { LineReader } from "../../src/util/line-reader.ts";

test("lines come whole out of pieces of any size", () => {
  const bytes = Buffer.from("one\r\nzwei ü\n\n🙂 rest");
  for (let size = 1; size <= bytes.length; size += 1) {
    const reader = new LineReader();
    const lines: string[] = [];
    for (let at = 0; at < bytes.length; at += size) lines.push(...reader.read(bytes.subarray(at, at + size)));
    expect(lines).toEqual(["one", "zwei ü", ""]);
    expect(reader.end()).toBe("🙂 rest");
    expect(reader.end()).toBeUndefined();
  }
});

test("a line that does not end is cut between two characters, and the next one is whole", () => {
  const reader = new LineReader();
  const piece = Buffer.from(`x${"ü".repeat(1000)}`);
  for (let count = 0; count < 1000; count += 1) expect([...reader.read(piece)]).toEqual([]);
  const [long = "", next] = [...reader.read(Buffer.from("\nnext\n"))];
  expect(long).toMatch(/ü…$/);
  expect(Buffer.byteLength(long)).toBeLessThan(1024 * 1024 + 4);
  expect(next).toBe("next");
});
