import { expect, test } from "vitest";
import { guardNodeOptions } from "../../src/run/guard/guard.ts";

test("the guard takes over nothing of NODE_OPTIONS but what finds packages", () => {
  expect(guardNodeOptions("--inspect-brk --import ./hooks.mjs --max-old-space-size=512")).toBe("");
  expect(
    guardNodeOptions("--inspect --require /p/.pnp.cjs --experimental-loader file:///p/.pnp.loader.mjs"),
  ).toBe("--require /p/.pnp.cjs --experimental-loader file:///p/.pnp.loader.mjs");
  expect(guardNodeOptions(undefined)).toBe("");
});
