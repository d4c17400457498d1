import { expect, test } from "vitest";
import { maskError } from "../../src/errors/mask-error.ts";
import { RollcallError } from "../../src/errors/rollcall-error.ts";
import { createMask } from "../../src/util/mask.ts";

test("secrets are masked in all texts of an error, and its cause stays", () => {
  const cause = new Error("why");
  const text = "with s3cret-word";
  const error = new RollcallError("START_FAILED", { message: text, hint: text, observed: text, cause });
  const masked = maskError(error, createMask(["s3cret-word"]));
  expect(JSON.stringify(masked.report)).not.toContain("s3cret");
  expect(masked).toMatchObject({ code: "START_FAILED", message: "with ***", cause });
  expect(maskError(error, createMask(["another-word"]))).toBe(error);
});
