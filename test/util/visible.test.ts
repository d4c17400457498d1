import fc from "fast-check";
import { expect, test } from "vitest";
import { createMask } from "../../src/util/mask.ts";
import { quoted } from "../../src/util/quoted.ts";
import { shown, shownLine } from "../../src/util/shown.ts";
import { escaped, visible, visibleLine } from "../../src/util/visible.ts";

test("foreign text loses its terminal escapes and shows its control characters", () => {
  expect(visible("\x1b[31mred\x1b[0m")).toBe("red");
  expect(visible("\x1b]0;a title\x07text")).toBe("text");
  expect(visible("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\")).toBe("link");
  expect(visible("\x1b[2J\x1b[1;1Hgone?")).toBe("gone?");
  expect(visible("a\x07b\rc\x1bd\x9be")).toMatch(/^a\\x07b\\x0dc\\x1bd/);
  expect(visible("user\u202egnp.exe")).toBe("user\\u202egnp.exe");
  expect(visible("one\r\ntwo\tthree\n")).toBe("one\ntwo\tthree\n");
  expect(visibleLine("one\ntwo")).toBe("one\\ntwo");
});

test.each([visible, visibleLine, escaped, quoted])(
  "%o leaves no character that hides, turns or moves",
  (way) => {
    const hidden = "\u00ad\u061c\u200b\u200d\u200e\u2028\u2029\u202e\u2060\u2064\u2069\ufeff\u{e0041}\ud800";
    expect(way(`a${hidden}b`)).toMatch(/^"?a(\\[xu]\{?[0-9a-f]+\}?)+b"?$/);
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(way(text).replace(/[\n\t]/g, "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(way === quoted || way(way(text)) === way(text)).toBe(true);
      }),
    );
  },
);

test("a secret is hidden also when the cleaning puts it together", () => {
  const mask = createMask(["s3cret-word"]);
  expect(shown("s3cret\x1b[0m-word\nnext", mask)).toBe("***\nnext");
  expect(shownLine("one\ns3cret\x1b[0m-word", mask)).toBe("one\\n***");
});
