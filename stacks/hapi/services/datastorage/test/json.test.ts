import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeUtf8, JsonError, parseJson, plainNumbers, stringifyJson } from "../src/json.ts";

test("what JSON.parse reads and JSON.stringify writes goes through unchanged", () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: "grapheme" }), (text) => {
      fc.pre(!text.includes("\\u0000"));
      expect(plainNumbers(parseJson(text))).toEqual(plainNumbers(JSON.parse(text)));
    }),
  );
});

describe("numbers come out as they went in", () => {
  test.each([
    "0",
    "-1",
    "9007199254740993",
    "12345678901234567890",
    "1.0",
    "-0.0",
    "1.10",
    "0.1",
    "0.30000000000000004",
    "1234567.12345678901",
    "3.14159265358979323846",
    "1e-7",
    "123456789012345678901234567890.5",
  ])("%s", (number) => {
    const text = `{"a":[${number},"${number}"],"b":${number}}`;
    expect(stringifyJson(parseJson(text))).toBe(text);
  });

  test.each([
    ["1e3", "1000.0"],
    ["1E+2", "100.0"],
    ["0.1e1", "1.0"],
    ["1.5e2", "150.0"],
    ["1e+22", `1${"0".repeat(22)}.0`],
  ])("%s is a float and stays one: %s", (number, out) => {
    expect(stringifyJson(parseJson(`[${number}]`))).toBe(`[${out}]`);
  });

  test("any integer and any float", () => {
    fc.assert(fc.property(fc.bigInt(), (n) => stringifyJson(parseJson(`[${n}]`)) === `[${n}]`));
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (n) => {
        expect(JSON.parse(stringifyJson(parseJson(JSON.stringify([n]))))).toEqual([n === 0 ? 0 : n]);
      }),
    );
  });

  test("texts that look like the mark are texts", () => {
    for (const value of ["\\u0000n:5", '"\\u0000n:5', "n:5"]) {
      expect(JSON.parse(stringifyJson(parseJson(JSON.stringify([value, 1.5]))))).toEqual([value, 1.5]);
    }
  });
});

test.each([
  ["U+0000", '{"a":"x\\u0000"}'],
  ["U+0000 in a key", '{"\\u0000":1}'],
  ["a lone surrogate", '["\\ud800"]'],
  ["101 levels", `${"[".repeat(101)}${"]".repeat(101)}`],
  ["a million levels", "[".repeat(1_000_000)],
  ["a huge exponent", "[1e999999999]"],
  ["many large exponents", `[${Array(1000).fill("1e400").join(",")}]`],
  ["no JSON", "{a:1}"],
  ["half a string", '["abc'],
  ["a bad number", "[01]"],
  ["nothing", " "],
])("%s is refused", (_, text) => {
  expect(() => parseJson(text)).toThrow(JsonError);
});

test("100 levels, escaped backslashes and pairs of surrogates are fine", () => {
  parseJson(`${"[".repeat(100)}${"]".repeat(100)}`);
  expect(parseJson('["\\\\u0000","\\ud83d\\ude80"]')).toEqual(["\\u0000", "🚀"]);
});

test("invalid UTF-8 is refused", () => {
  expect(() => decodeUtf8(Uint8Array.of(0x22, 0xff, 0x22))).toThrow(JsonError);
});
