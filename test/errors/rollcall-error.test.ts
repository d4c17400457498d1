import { expect, test } from "vitest";
import { RollcallError } from "../../src/errors/rollcall-error.ts";

const hostile = "\x1b]0;title\x07\u009b2Jword\u202e";
const harmless = "word\\u202e";

test("no text of an error can move a terminal's cursor, whoever wrote it", () => {
  const error = new RollcallError("PORT_TAKEN", {
    message: hostile,
    hint: hostile,
    observed: hostile,
    logTail: [hostile],
  });
  expect(error.message).toBe(harmless);
  expect(error.report).toMatchObject({
    message: harmless,
    hint: harmless,
    observed: harmless,
    logTail: [harmless],
  });
});
