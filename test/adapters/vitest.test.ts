import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { useProject } from "./fixtures/project.ts";

const project = useProject();
const limitMs = 180_000;
const said = (text: string, words: string) => text.split(words).length - 1;

beforeEach(() => {
  project.write(
    "vitest.config.mjs",
    'export default { test: { globalSetup: "rollcall/vitest", testTimeout: 60_000 } };',
  );
  const source = (name: string) => `import { appendFileSync } from "node:fs";
import { stackFixtures } from "rollcall/vitest";
import { expect, inject, test as base } from "vitest";
import stack from "./rollcall.config.mjs";
const test = base.extend(stackFixtures(stack));
test("${name} reaches the stack", async ({ stack }) => {
  expect(await (await fetch(stack.service("web").url())).text()).toBe("hello");
  expect(process.env.WEB_URL).toBe(stack.env.WEB_URL);
  expect(inject("rollcall").services.web.http.url).toBe(stack.env.WEB_URL);
  appendFileSync("runs", stack.run + "\\n");
});`;
  project.write("one.test.mjs", source("one"));
  project.write("two.test.mjs", source("two"));
});

const runsSeen = () => readFileSync(join(project.dir, "runs"), "utf8").trim().split("\n");

test("one run for all files, whose addresses they have in three ways, and nothing is left", {
  timeout: limitMs,
}, async () => {
  const { code, text } = await project.vitest();
  expect(text).toContain("2 passed");
  expect(code).toBe(0);
  expect(text).toMatch(/rollcall: shop is up in .* \(process\)/);
  const [first, second, ...more] = runsSeen();
  expect(second).toBe(first);
  expect(more).toEqual([]);
  expect((await project.rollcall("status")).code).toBe(3);
});

test("a stack that is up already is attached to, and left up", { timeout: limitMs }, async () => {
  expect((await project.rollcall("up")).code).toBe(0);
  const { code, text } = await project.vitest(["one"]);
  expect(text).toContain("rollcall: shop was up already (process)");
  expect(code).toBe(0);
  const status = await project.rollcall("status", "--json");
  expect(JSON.parse(status.text)).toMatchObject({ run: runsSeen()[0], state: "ready" });
  expect((await project.rollcall("down")).code).toBe(0);
});

test("a start that fails is told once with its cause, and no test begins", { timeout: limitMs }, async () => {
  project.write("server.mjs", 'console.error("no such key: colour"); process.exit(7);');
  const { code, text } = await project.vitest();
  expect(code).toBe(1);
  expect(said(text, "no such key: colour")).toBe(1);
  expect(said(text, "EXITED_EARLY")).toBe(1);
  expect(text).toContain("exit code 7");
  expect(text).not.toMatch(/\d+ (passed|failed)|reaches the stack/);
  expect(text).not.toContain("start-for-tests");
});

test("watch mode keeps the stack up between its runs, and takes it down at the end", {
  timeout: limitMs,
}, async () => {
  project.write(
    "watch.mjs",
    `import { startVitest } from "vitest/node";
const vitest = await startVitest("test", ["one"], { watch: true, root: process.cwd() });
await vitest.rerunFiles();
await vitest.close();
console.log("closed");`,
  );
  const { text } = await project.node(["watch.mjs"]);
  expect(text).toContain("closed");
  const [first, second, ...more] = runsSeen();
  expect(second).toBe(first);
  expect(more).toEqual([]);
  expect((await project.rollcall("status")).code).toBe(3);
});
