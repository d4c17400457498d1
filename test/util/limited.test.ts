import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { limited } from "../../src/util/limited.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

test("a limit comes although nobody holds it and memory has been cleaned meanwhile", async () => {
  const { signal } = new AbortController();
  const aborted = new Promise((resolve) => {
    const limit = limited(signal, 200);
    limit.addEventListener("abort", () => resolve(limit.reason.name));
  });
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  expect(await aborted).toBe("TimeoutError");
});

test("the signal comes first with its own reason", () => {
  const controller = new AbortController();
  const limit = limited(controller.signal, 60_000);
  controller.abort("enough");
  expect(limit.reason).toBe("enough");
});
