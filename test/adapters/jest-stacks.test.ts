import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { noteStack, refuseOther, valuesFor } from "../../src/adapters/jest-stacks.ts";
import { publishValues, type StackValues } from "../../src/run/control/stack-values.ts";

let dir = "";
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "rollcall-jest-")));
  for (const name of ["shop", "shop/web", "bank"]) mkdirSync(join(dir, name));
  for (const name of ["shop", "bank"]) writeFileSync(join(dir, name, "rollcall.yaml"), "");
});
afterEach(() => rmSync(dir, { recursive: true }));

const bare: StackValues = {
  stack: "",
  name: "",
  run: "r1",
  runtime: "process",
  dir: "/runs/r1",
  env: {},
  services: {},
};
const project = (name: string, rollcall = {}) => ({
  rootDir: join(dir, name),
  testEnvironmentOptions: { rollcall },
});

/** As set-ups leave it. */
const up = (...names: readonly string[]) => {
  const env: NodeJS.ProcessEnv = {};
  for (const name of names) {
    noteStack(project(name), name, env);
    publishValues({ ...bare, stack: name, name }, env);
  }
  return env;
};

test("projects that mean the stack which the set-up has brought up have it", () => {
  const env = up("shop");
  expect(valuesFor(project("shop/web"), env).stack).toBe("shop");
  expect(valuesFor(project("bank", { stack: "../shop" }), env).stack).toBe("shop");
});

test("a project that means another stack is refused, which names both", () => {
  refuseOther(project("shop/web"), up("shop"));
  expect(() => refuseOther(project("bank"), up("shop"))).toThrow(
    `${join(dir, "bank/rollcall.yaml")}, but jest has brought up the one in ${join(dir, "shop/rollcall.yaml")}`,
  );
});

test("of the stacks of several set-ups each project has its own", () => {
  const env = up("shop", "bank");
  expect(valuesFor(project("bank"), env).stack).toBe("bank");
  expect(valuesFor(project("shop"), env).stack).toBe("shop");
});

test("what a set-up in code has brought up is the one that there is", () => {
  const env: NodeJS.ProcessEnv = {};
  publishValues({ ...bare, stack: "other" }, env);
  refuseOther(project("shop"), env);
  expect(valuesFor(project("shop"), env).stack).toBe("other");
});

test("after the set-up's end the environment is as before", () => {
  const env: NodeJS.ProcessEnv = {};
  noteStack(project("shop"), "shop", env)();
  expect(env).toEqual({});
});
