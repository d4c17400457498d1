import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rollcall } from "./rig.ts";

let cwd = "";
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "rollcall-usage-"));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

test("the help lists every command that works, with examples", async () => {
  const { code, stdout } = await rollcall(["--help"], { cwd });
  expect(code).toBe(0);
  for (const command of [
    "up|start",
    "down|stop",
    "run",
    "status",
    "logs",
    "exec",
    "env",
    "plan",
    "verify",
    "sweep",
  ])
    expect(stdout).toContain(command);
  const up = await rollcall(["up", "--help"], { cwd });
  expect(up.stdout).toContain("Examples:");
});

test("the version is the package's", async () => {
  const { code, stdout } = await rollcall(["--version"], { cwd });
  expect(code).toBe(0);
  expect(stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/);
});

test.each([
  [["statsu"], "status"],
  [["up", "--runtme", "process"], "--runtime"],
])("%j ends with 2 and names the nearest", async (args, near) => {
  const { code, stderr } = await rollcall(args, { cwd });
  expect(code).toBe(2);
  expect(stderr).toContain(near);
});

test("a time that is none is refused, saying what was expected", async () => {
  const { code, stderr } = await rollcall(["up", "--timeout", "soon"], { cwd });
  expect(code).toBe(2);
  expect(stderr).toContain("90s");
});

test("no stack file: 2, and how to name one", async () => {
  const { code, stdout } = await rollcall(["up", "--json"], { cwd });
  expect(code).toBe(2);
  expect(JSON.parse(stdout).error).toMatchObject({ code: "FILE_NOT_FOUND" });
});

test("every mistake of a definition is told at once, with its line", async () => {
  writeFileSync(
    join(cwd, "wrong.yaml"),
    "name: wrong\nservices:\n  a:\n    process: { command: [node] }\n    prots: { http: 80 }\n  b:\n    process: { command: [node] }\n    after: [nobody]\n    ready: { tcp: true }\n",
  );
  const { code, stderr } = await rollcall(["plan", "-f", "wrong.yaml"], { cwd });
  expect(code).toBe(2);
  expect(stderr).toContain("wrong.yaml:5");
  expect(stderr).toContain("ports");
  expect(stderr).toContain("nobody");
});
