import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createMask, maskDeep } from "../../src/util/mask.ts";

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

  test("hides every line of a secret that has several, for logs are shown line by line", () => {
    const body = ["MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "BKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj", "ab=="];
    const key = ["-----BEGIN PRIVATE KEY-----", ...body, "-----END PRIVATE KEY-----"];
    for (const feed of ["\n", "\r\n"]) {
      const mask = createMask([`${key.join(feed)}${feed}`]);
      expect(mask(`key: ${key.join(feed)}${feed}`)).toBe("key: ***");
      expect(key.map((line) => mask(`  ${line}`))).toEqual(["  ***", "  ***", "  ***", "  ab==", "  ***"]);
    }
  });

  test("hides what a cut has left of a secret", () => {
    const mask = createMask(["s3cret/password"]);
    for (const left of ["s3cret/passwor", "s3c", "s3cret%2Fp"]) {
      expect(mask(`url: "redis://:${left}…" and more`)).toBe('url: "redis://:***…" and more');
      expect(mask(`${left}… s3cret/password`)).toBe("***… ***");
    }
    expect(mask("s3 is s3cret… or s3cret,…")).toBe("s3 is ***… or s3cret,…");
    expect(mask("starting…")).toBe("starting…");
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
