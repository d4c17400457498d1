import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rollcall, shop, start } from "./rig.ts";

const onProcesses = { ROLLCALL_RUNTIME: "process" };

describe("the exports for GitHub", () => {
  let stack: ReturnType<typeof shop>;
  const url = "postgres://web:p%40ss-word@127.0.0.1/db";
  beforeAll(async () => {
    stack = shop("", `  DATABASE_URL: "${url}"\n  NOTE: "one\\ntwo"\n`);
    expect((await rollcall(["up"], { cwd: stack.dir, env: onProcesses })).code).toBe(0);
  });
  afterAll(async () => {
    await rollcall(["down"], { cwd: stack.dir });
    stack.remove();
  });

  test("are told to the job's file, and their secrets to its log's mask before", async () => {
    const file = join(stack.dir, "github-env");
    writeFileSync(file, "");
    const env = { GITHUB_ACTIONS: "true", GITHUB_ENV: file };
    const { code, stdout, stderr } = await rollcall(["env", "--format", "github"], { cwd: stack.dir, env });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(stderr.trim().split("\n").sort()).toEqual([
      "::add-mask::p%2540ss-word",
      "::add-mask::p@ss-word",
      "::add-mask::very-secret-word",
    ]);
    const [, delimiter] = /^NOTE<<(rollcall-[a-z2-7]{24})$/m.exec(readFileSync(file, "utf8")) ?? [];
    expect(readFileSync(file, "utf8")).toContain(
      `DATABASE_URL=${url}\nNOTE<<${delimiter}\none\ntwo\n${delimiter}\n`,
    );
  });

  test("outside of a job are printed, and nothing else is", async () => {
    const { stdout, stderr } = await rollcall(["env", "--format", "github"], { cwd: stack.dir });
    expect(stdout).toContain(`DATABASE_URL=${url}\n`);
    expect(stderr).toBe("");
  });
});

test("a stack that is still being started has no exports yet: 3, and a word", async () => {
  const stack = shop();
  const text = readFileSync(join(stack.dir, "rollcall.yaml"), "utf8");
  writeFileSync(
    join(stack.dir, "rollcall.yaml"),
    text.replace("ready: { http: /health }", "ready: { log: never }"),
  );
  const starting = start(["up", "--progress", "plain"], { cwd: stack.dir, env: onProcesses });
  try {
    await starting.shows("shop on");
    const { code, stdout, stderr } = await rollcall(["env"], { cwd: stack.dir });
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toContain("shop is not ready: it is starting");
  } finally {
    starting.kill("SIGINT");
    await starting.ended;
    stack.remove();
  }
});
