import { afterEach, expect, test } from "vitest";
import { withStack } from "../../src/adapters/playwright.ts";
import { ReadySign, unnamable, writeReadySign } from "../../src/adapters/playwright-sign.ts";
import { stackInTests, viewOf } from "../../src/adapters/stack-in-tests.ts";
import { defineStack, postgres } from "../../src/index.ts";
import {
  onlyValues,
  publishValues,
  readValues,
  type StackValues,
} from "../../src/run/control/stack-values.ts";

const values: StackValues = {
  stack: "my-shop",
  name: "my-shop",
  run: "r1",
  runtime: "process",
  dir: "/runs/r1",
  env: { WEB_URL: "http://127.0.0.1:1", lower: "x" },
  services: {
    web: {
      http: { host: "127.0.0.1", port: 1, url: "http://127.0.0.1:1" },
      metrics: { host: "127.0.0.1", port: 2, url: "http://127.0.0.1:2" },
    },
    silent: {},
  },
};
const definition = defineStack({ name: "my-shop", services: { web: postgres() }, exports: { WEB_URL: "" } });

let withdraw = () => {};
afterEach(() => withdraw());

test("values and exports are put into the environment, and taken out again", () => {
  const env: NodeJS.ProcessEnv = { WEB_URL: "mine" };
  const undo = publishValues(values, env);
  expect(env["WEB_URL"]).toBe("http://127.0.0.1:1");
  expect(readValues("my-shop", env)).toEqual(values);
  undo();
  expect(env).toEqual({ WEB_URL: "mine" });
});

test("a stack without a set-up is told where to add one", () => {
  const stack = stackInTests(definition);
  expect(() => stack.env).toThrow("The stack my-shop has not been brought up for these tests.");
});

test("addresses are read when they are asked for", () => {
  const web = stackInTests(definition).service("web");
  withdraw = publishValues(values, process.env);
  expect(web.url()).toBe("http://127.0.0.1:1");
  expect(web.port).toBe(1);
  expect(web.url("metrics")).toBe("http://127.0.0.1:2");
  expect(web.address("metrics")).toEqual({ host: "127.0.0.1", port: 2 });
});

test("a service or port that is not there is named, with those that are", () => {
  const view = viewOf(() => values);
  expect(() => view.service("wep").url()).toThrow('my-shop has no service "wep".');
  expect(() => view.service("web").url("htp")).toThrow('web has no port "htp".');
  expect(() => view.service("silent").port).toThrow("silent has no port");
});

test("of several stacks none is the only one", () => {
  const env: NodeJS.ProcessEnv = {};
  expect(() => onlyValues(env)).toThrow("not running");
  publishValues(values, env);
  expect(onlyValues(env)).toEqual(values);
  publishValues({ ...values, stack: "other" }, env);
  expect(() => onlyValues(env)).toThrow("several are up");
});

test("Playwright reads the exports, and all values, from what the stack's process says", () => {
  const sign = new ReadySign("my-shop");
  const told = writeReadySign(values);
  expect(sign.exec(`noise\n${told.trimEnd()}`)).toBeNull();
  const groups = sign.exec(`noise\n${told}`)?.groups;
  expect(Object.keys(groups ?? {})).toEqual(["WEB_URL", "ROLLCALL_STACK_MY_SHOP"]);
  expect(groups?.["WEB_URL"]).toBe("http://127.0.0.1:1");
  expect(JSON.parse(groups?.["ROLLCALL_STACK_MY_SHOP"] ?? "")).toEqual(values);
  // Playwright would call it LOWER.
  expect(unnamable(values)).toEqual(["lower"]);
});

test("an export of several lines reaches Playwright too", () => {
  const env = { PEM: "-----BEGIN\nMIIB\n", WEB_URL: "http://127.0.0.1:1" };
  expect(new ReadySign("my-shop").exec(writeReadySign({ ...values, env }))?.groups).toMatchObject(env);
});

test("Playwright's own web servers come after the stack", () => {
  const server = { command: "node site.mjs" };
  const config = { testDir: "e2e", workers: 3, webServer: server };
  const { webServer, testDir } = withStack(config, { stack: definition });
  expect(testDir).toBe("e2e");
  expect(webServer.map(({ name }) => name)).toEqual(["rollcall", undefined]);
  expect(webServer[1]).toBe(server);
  expect(JSON.parse(webServer[0]?.env["ROLLCALL_PLAYWRIGHT"] ?? "")).toMatchObject({
    start: { prepared: 3 },
  });
});
