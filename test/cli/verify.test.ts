import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rollcall, shop } from "./rig.ts";

let stack: ReturnType<typeof shop>;
let run = "";
let journal = "";
let written = "";
const cli = (...args: string[]) => rollcall(args, { cwd: stack.dir, env: { ROLLCALL_RUNTIME: "process" } });

beforeAll(async () => {
  stack = shop();
  run = JSON.parse((await cli("up", "--json")).stdout).run;
  journal = join(stack.dir, ".rollcall/runs", run, "journal.ndjson");
});
afterAll(async () => {
  await cli("down");
  stack.remove();
});

test("a run that is up is proven to have kept every promise", async () => {
  const { code, stdout } = await cli("verify");
  expect(stdout).toMatch(
    new RegExp(`^shop, run ${run}: every promise was kept \\(2 services, 2 gates, \\d+ events\\)\n$`),
  );
  expect(code).toBe(0);
});

test("so is one that is over, by its id or as the newest", async () => {
  await cli("down");
  written = readFileSync(journal, "utf8");
  const events = written.trim().split("\n").length;
  for (const args of [
    ["verify", "--json"],
    ["verify", run, "--json"],
  ])
    expect(JSON.parse((await cli(...args)).stdout)).toEqual({
      stack: "shop",
      run,
      name: "shop",
      services: 2,
      gates: 2,
      events,
      violations: [],
    });
});

test("each broken promise is a line, and the exit code 1", async () => {
  const event = /^.*"type":"start.requested","service":"web".*$/m.exec(written)?.[0] ?? "";
  const early = { ...JSON.parse(event), because: [] };
  writeFileSync(journal, written.replace(event, JSON.stringify(early)));
  const { code, stdout } = await cli("verify");
  expect({ code, stdout }).toEqual({
    code: 1,
    stdout: `event ${early.seq}, web: its start was requested without the gate of store (order)\n`,
  });
  const { violations } = JSON.parse((await cli("verify", "--json")).stdout);
  expect(violations).toMatchObject([{ rule: "order", seq: early.seq, service: "web" }]);
});

test.each([
  ["not JSON\n", "line 1 is not an event"],
  ["", "it is empty"],
])("a journal that is %j is told as such, and proves nothing", async (text, why) => {
  writeFileSync(journal, text);
  const { stdout } = await cli("verify", "--json");
  expect(JSON.parse(stdout).error).toMatchObject({
    code: "STATE_INVALID",
    message: expect.stringContaining(why),
  });
});

test("a run that is not there: 2 with those that are, a name without any: 3", async () => {
  const unknown = await cli("verify", "r-unknown");
  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toContain(run);
  expect((await cli("verify", "--name", "other")).code).toBe(3);
});
