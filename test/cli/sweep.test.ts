import { readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { rollcall, shop } from "./rig.ts";

let stack: ReturnType<typeof shop>;
beforeEach(() => {
  stack = shop();
});
afterEach(() => stack.remove());

const cli = (...args: string[]) =>
  rollcall(args, { cwd: stack.dir, env: { XDG_STATE_HOME: join(stack.dir, "state") } });

test("a sweep that had to leave something says so, and ends with 1", async () => {
  expect((await cli("sweep")).stdout).toBe("nothing to sweep\n");
  await cli("up", "--runtime", "process");
  const runs = join(stack.dir, ".rollcall/runs");
  const file = join(runs, readdirSync(runs)[0] ?? "", "run.json");
  const whole = readFileSync(file);
  truncateSync(file, 100);
  const { code, stderr } = await cli("sweep");
  expect(code).toBe(1);
  expect(stderr).toContain(file);
  const asJson = await cli("sweep", "--json");
  expect(asJson.code).toBe(1);
  expect(JSON.parse(asJson.stdout)).toMatchObject({
    removed: [],
    failed: [{ error: { code: "STATE_INVALID" } }],
  });
  writeFileSync(file, whole);
  expect((await cli("down")).code).toBe(0);
});
