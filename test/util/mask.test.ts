import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createMask, maskDeep } from "../../src/util/mask.ts";
import { visible, visibleLine } from "../../src/util/visible.ts";

describe("the mask", () => {
  test("hides a secret as it is, in a URL and in JSON", () => {
    const secret = 'p@ss/"w\\ord" é!';
    const mask = createMask([secret]);
    for (const text of [secret, encodeURIComponent(secret), JSON.stringify({ secret }), encodeURI(secret)]) {
      const masked = mask(`before ${text} after`);
      expect(masked).toMatch(/^before .*\*\*\*.* after$/);
      expect(masked).not.toContain("ord");
    }
    expect(mask(encodeURIComponent(secret).toLowerCase())).toBe("***");
    expect(mask(new URLSearchParams({ secret }).toString())).toBe("secret=***");
  });

  test("hides the longer of two secrets whole", () => {
    expect(createMask(["pass", "password-1"])("password-1 pass")).toBe("*** ***");
  });

  test("leaves short secrets and what only looks like a pattern", () => {
    expect(createMask(["abc", ""])("abc")).toBe("abc");
    expect(createMask(["a.c*", "(((("])("abcc a.c* ((((")).toBe("abcc *** ***");
  });

  test("leaves nothing of any secret in any text", () => {
    const secret = fc
      .string({ unit: "binary", minLength: 4, maxLength: 12 })
      .filter((text) => !text.includes("*"));
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 4 }),
        fc.string(),
        fc.string(),
        (secrets, before, after) => {
          const mask = createMask(secrets);
          for (const one of secrets) {
            const masked = mask(before + one + after);
            for (const other of secrets) expect(masked.includes(other)).toBe(false);
          }
        },
      ),
    );
  });

  test("goes into lists and objects", () => {
    const mask = createMask(["secret"]);
    expect(maskDeep({ a: ["my secret", 1, null, { secret: true }] }, mask)).toEqual({
      a: ["my ***", 1, null, { "***": true }],
    });
  });
});

describe("foreign text", () => {
  test("loses its terminal escapes and shows its control characters", () => {
    expect(visible("\x1b[31mred\x1b[0m")).toBe("red");
    expect(visible("\x1b]0;a title\x07text")).toBe("text");
    expect(visible("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\")).toBe("link");
    expect(visible("\x1b[2J\x1b[1;1Hgone?")).toBe("gone?");
    expect(visible("a\x07b\rc\x1bd\x9be")).toMatch(/^a\\x07b\\x0dc\\x1bd/);
    expect(visible("user\u202egnp.exe")).toBe("user\\u202egnp.exe");
    expect(visible("one\r\ntwo\tthree\n")).toBe("one\ntwo\tthree\n");
    expect(visibleLine("one\ntwo")).toBe("one\\ntwo");
  });

  test("has no control character left, whatever it was", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(visible(text)).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
      }),
    );
  });
});
