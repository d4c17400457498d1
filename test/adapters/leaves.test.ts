import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { databaseConfig, useProject } from "./fixtures/project.ts";

const project = useProject();

const setUps = [
  { what: "services", config: undefined, options: "{}", exported: "WEB_URL" },
  // The clones that are prepared in the background are not done when this is over.
  {
    what: "prepared databases",
    config: databaseConfig,
    options: '{ databases: ["db"], prepared: 9 }',
    exported: "DB_URL",
  },
];

test.each(setUps)(
  "a process that never takes its $what down ends all the same, and the stack with it",
  {
    timeout: 180_000,
  },
  async ({ config, options, exported }) => {
    if (config !== undefined) project.write("rollcall.config.mjs", config);
    project.write(
      "forgets.mjs",
      `import { createGlobalFixtures } from "rollcall/mocha";
await createGlobalFixtures(${options}).mochaGlobalSetup();
console.log("up", new URL(process.env.${exported}).hostname);`,
    );
    const { code, text } = await project.node(["forgets.mjs"]);
    expect(text).toContain("up 127.0.0.1");
    expect(code).toBe(0);
    await project.quiet();
    expect((await project.rollcall("status")).code).toBe(3);
  },
);

test.each(setUps)(
  "after the teardown of $what nothing keeps the process, and its environment is as before",
  {
    timeout: 180_000,
  },
  async ({ config, options }) => {
    if (config !== undefined) project.write("rollcall.config.mjs", config);
    project.write(
      "ends.mjs",
      `import { createGlobalFixtures } from "rollcall/mocha";
const { mochaGlobalSetup, mochaGlobalTeardown } = createGlobalFixtures(${options});
const before = JSON.stringify(process.env);
await mochaGlobalSetup();
await mochaGlobalTeardown();
console.log(JSON.stringify(process.env) === before ? "as before" : "changed");
console.log("signals", ["SIGINT", "SIGTERM", "SIGHUP"].map((name) => process.listenerCount(name)).join());
console.log("handles", process.getActiveResourcesInfo().filter((name) => !/^(TTYWrap|PipeWrap|SimpleShutdownWrap|FSReq.*)$/.test(name)).join());`,
    );
    const { code, text } = await project.node(["ends.mjs"]);
    expect(text).toContain("as before");
    expect(text).toContain("signals 0,0,0");
    expect(text).toMatch(/^handles $/m);
    expect(code).toBe(0);
  },
);

test("a server that has stopped answering does not keep a runner from ending", {
  timeout: 180_000,
}, async () => {
  project.write("rollcall.config.mjs", databaseConfig);
  project.write(
    "hangs.mjs",
    `import { createGlobalFixtures } from "rollcall/mocha";
import { up } from "rollcall";
import definition from "./rollcall.config.mjs";
const { mochaGlobalSetup, mochaGlobalTeardown } = createGlobalFixtures({ databases: ["db"], prepared: 9 });
await mochaGlobalSetup();
const run = await up(definition);
await run.service("db").pause();
await run.down();
await mochaGlobalTeardown();
console.log("down");`,
  );
  const { code, text } = await project.node(["hangs.mjs"]);
  expect(text).toContain("down");
  expect(code).toBe(0);
});

test.each([
  { where: ".", name: "shop", options: [] },
  { where: ".", name: "other", options: ["--name", "other"] },
  { where: "stack", name: "shop", options: ["-f", "stack"] },
])(
  "node --test: every file shares the run of `rollcall run $options`, which takes it down",
  {
    timeout: 180_000,
  },
  async ({ where, name, options }) => {
    const config = `${where}/rollcall.config.mjs`;
    if (where !== ".") {
      mkdirSync(join(project.dir, where));
      for (const file of ["rollcall.config.mjs", "server.mjs"])
        renameSync(join(project.dir, file), join(project.dir, where, file));
    }
    const source = `import assert from "node:assert";
import { test } from "node:test";
import { useStack } from "rollcall/node-test";
import definition from "./${config}";
const stack = await useStack(definition);
test("reaches it", async () => {
  await fetch(stack.service("web").url());
  assert.equal(stack.name, "${name}");
  assert.equal(stack.env.WEB_URL, process.env.OUTER_URL);
});`;
    project.write("one.test.mjs", source);
    project.write("two.test.mjs", source);
    project.write(
      "outer.mjs",
      `import { spawnSync } from "node:child_process";
const env = { ...process.env, OUTER_URL: process.env.WEB_URL };
process.exitCode = spawnSync(process.execPath, ["--test"], { stdio: "inherit", env }).status;`,
    );
    const { code, text } = await project.rollcall(
      ...["run", "--progress", "quiet", ...options, "--", process.execPath, "outer.mjs"],
    );
    expect(text).toContain("# pass 2");
    expect(code).toBe(0);
    expect((await project.rollcall("status", ...options)).code).toBe(3);
  },
);

test("a set-up inside `rollcall run --name` attaches to that run", { timeout: 180_000 }, async () => {
  project.write(
    "attaches.mjs",
    `import { createGlobalFixtures } from "rollcall/mocha";
const outer = process.env.WEB_URL;
const { mochaGlobalSetup, mochaGlobalTeardown } = createGlobalFixtures();
await mochaGlobalSetup();
console.log(process.env.WEB_URL === outer ? "the same" : "another");
await mochaGlobalTeardown();`,
  );
  const { text } = await project.rollcall("run", "--name", "other", "--", process.execPath, "attaches.mjs");
  expect(text).toContain("the same");
});

test("node --test by itself: a start that fails is the file's one error", { timeout: 180_000 }, async () => {
  project.write("server.mjs", 'console.error("no such key: colour"); process.exit(7);');
  project.write(
    "one.test.mjs",
    `import { test } from "node:test";
import { useStack } from "rollcall/node-test";
import definition from "./rollcall.config.mjs";
const stack = await useStack(definition);
test("first", () => {});
test("second", () => {});`,
  );
  const { code, text } = await project.node(["--test"]);
  expect(code).toBe(1);
  expect(text.split("no such key: colour").length - 1).toBe(1);
  expect(text).toContain("# fail 1");
});

test("a service that ends in mid-test is told once, with its last words", { timeout: 180_000 }, async () => {
  project.write(
    "server.mjs",
    `import { createServer } from "node:http";
createServer((request, response) => {
  response.end("hello");
  if (request.url === "/die") {
    console.error("no more colours");
    process.exit(9);
  }
}).listen(Number(process.env.PORT), "127.0.0.1");`,
  );
  project.write(
    "dies.mjs",
    `import { mochaGlobalSetup, mochaGlobalTeardown } from "rollcall/mocha";
await mochaGlobalSetup();
const told = new Promise((resolve) => {
  const { write } = process.stderr;
  process.stderr.write = (...args) => {
    if (String(args[0]).includes("SERVICE_DIED")) resolve();
    return write.apply(process.stderr, args);
  };
});
await fetch(process.env.WEB_URL + "/die").then((response) => response.text()).catch(() => {});
const kept = setInterval(() => {}, 1000);
await told;
clearInterval(kept);
await mochaGlobalTeardown();`,
  );
  const { code, text } = await project.node(["dies.mjs"]);
  expect(text.split("no more colours").length - 1).toBe(1);
  expect(text).toContain("web ended although the stack was up");
  expect(code).toBe(0);
});
