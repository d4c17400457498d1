import { cpSync, mkdtempSync, realpathSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { start } from "./rig.ts";

const files = resolve(import.meta.dirname, "../compose/files");
let dir = "";

beforeEach(() => {
  dir = mkdtempSync(join(realpathSync(tmpdir()), "rollcall-import-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const rollcall = (...args: string[]) => start(args, { cwd: dir }).ended;

test("import writes a private file once, tells what became of each service, and plan reads it", async () => {
  cpSync(join(files, "migrations"), dir, { recursive: true });
  const { code, stdout } = await rollcall("import", "docker-compose.yml");
  expect(code).toBe(0);
  expect(stdout).toContain("  migrate: task; done when it ends with exit code 0, within 2 min\n");
  expect(stdout).toContain("docker-compose.yml:27: services.seed: has neither healthcheck nor ports");
  expect(stdout).toContain("refused: nothing\n");
  expect(statSync(join(dir, "rollcall.yaml")).mode & 0o777).toBe(0o600);

  const again = await rollcall("import", "docker-compose.yml");
  expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("--force")]);
  expect((await rollcall("import", "docker-compose.yml", "--force")).code).toBe(0);

  const plan = await rollcall("plan");
  expect(plan.code).toBe(0);
  expect(plan.stdout).toContain("migrate  (task)");
});

test("import names every key that it refuses, with its place, and writes nothing", async () => {
  cpSync(join(files, "keys-refused"), dir, { recursive: true });
  const { code, stderr } = await rollcall("import", "compose.yaml");
  expect(code).toBe(2);
  expect(stderr).toContain("compose.yaml:5: services.app.gpus: cannot be honoured");
  expect(statSync(join(dir, "rollcall.yaml"), { throwIfNoEntry: false })).toBeUndefined();
});

test("plan of a compose file tells what is not honoured; --profile lets a profile take part", async () => {
  cpSync(join(files, "profiles"), dir, { recursive: true });
  expect((await rollcall("plan")).stdout).not.toContain("mail  (service)");
  expect((await rollcall("plan", "--profile", "mail")).stdout).toContain("mail  (service)");
  expect((await rollcall("plan", "debug")).stdout).toContain("debug  (service)");
});
