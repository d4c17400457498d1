import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { ask } from "../scope/small-stack.ts";
import { databaseConfig, useProject } from "./fixtures/project.ts";

const project = useProject();
const limit = { timeout: 180_000 };

const setUp = (options: string) => `import { appendFileSync } from "node:fs";
import pg from "pg";
import { stackFixtures } from "rollcall/vitest";
import { expect, test as base } from "vitest";
import stack from "./rollcall.config.mjs";
export const test = base.extend(stackFixtures(stack, { database: "db", ${options} }));
export const nameOf = (url) => url.split("/").at(-1);
export const note = (...words) => appendFileSync("notes", words.join(" ") + "\\n");
export async function ask(stack, sql) {
  const url = new URL(stack.service("db").url());
  url.pathname = "/rollcall_admin";
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  const { rows } = await client.query({ text: sql, rowMode: "array" });
  await client.end();
  return rows.flat();
}
`;
const noted = (word: string) =>
  readFileSync(join(project.dir, "notes"), "utf8")
    .split("\n")
    .flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));

beforeEach(() => {
  project.write("rollcall.config.mjs", databaseConfig);
  project.write(
    "global-setup.mjs",
    'import { createSetup } from "rollcall/vitest";\nexport default createSetup({ databases: ["db"] });',
  );
  project.write(
    "vitest.config.mjs",
    'export default { test: { globalSetup: "global-setup.mjs", maxWorkers: 3, testTimeout: 60_000 } };',
  );
});

test(
  "as many clones as there are workers are prepared meanwhile, and a worker takes those over one pool",
  limit,
  async () => {
    project.write("test.mjs", setUp('per: "test"'));
    project.write(
      "one.test.mjs",
      `import { expect } from "vitest";
import { ask, nameOf, test } from "./test.mjs";
const spares = (stack) => ask(stack, "SELECT name FROM databases WHERE state = 'spare'");
const prepared = new Set();
const see = async (stack) => {
  await expect.poll(() => spares(stack), { timeout: 60_000 }).toHaveLength(3);
  for (const name of await spares(stack)) prepared.add(name);
};
const pids = (stack) => ask(stack, "SELECT pid FROM pg_stat_activity WHERE application_name = 'rollcall' ORDER BY pid");
let before;
test("they come while tests run", ({ stack }) => see(stack));
test("the first is one of them", async ({ stack, databaseUrl }) => {
  expect([...prepared]).toContain(nameOf(databaseUrl));
  await see(stack);
});
test("so is the second", async ({ stack, databaseUrl }) => {
  expect([...prepared]).toContain(nameOf(databaseUrl));
  await see(stack);
  before = await pids(stack);
});
test("the third comes over the same connections", async ({ stack, databaseUrl }) => {
  expect(await pids(stack)).toEqual(before);
});`,
    );
    const { code, text } = await project.vitest();
    expect(text).toContain("4 passed");
    expect(code).toBe(0);
  },
);

test.each(["test", "worker"])(
  "a failed test's database is kept and named, another one is gone (per %s)",
  limit,
  async (per) => {
    project.write("test.mjs", setUp(`per: "${per}", keepOnFailure: true`));
    project.write(
      "one.test.mjs",
      `import { describe, expect } from "vitest";
import { nameOf, note, test } from "./test.mjs";
const tell = (word, databaseUrl) => note(word, nameOf(databaseUrl));
test("passes", ({ databaseUrl }) => tell("dropped", databaseUrl));
describe("notes", () => {
  test("loses one", ({ databaseUrl }) => {
    tell("kept", databaseUrl);
    throw new Error("lost");
  });
});
test.fails("fails as it should", ({ databaseUrl }) => {
  tell("dropped", databaseUrl);
  throw new Error("expected");
});
test("passes too", ({ databaseUrl }) => tell("dropped", databaseUrl));
let tries = 0;
test("passes the second time", { retry: 1 }, ({ databaseUrl }) => {
  tries += 1;
  tell(tries === 1 ? "kept" : "dropped", databaseUrl);
  if (tries === 1) throw new Error("unlucky");
});`,
    );
    const { code, text, found } = await whileUp(async () => ({
      ...(await project.vitest()),
      found: await databases(),
    }));
    expect(code).toBe(1);
    expect(text).toMatch(/Tests +1 failed \|/);
    const kept = noted("kept");
    const [first] = kept;
    const others = noted("dropped");
    expect(found).toEqual(expect.arrayContaining(kept));
    // A worker's own was kept for the test that failed in it, whatever passed there before.
    expect(found.filter((name) => others.includes(name)).sort()).toEqual(per === "test" ? [] : kept.sort());
    expect(text.split("is kept until").length - 1).toBe(2);
    expect(text).toMatch(
      new RegExp(
        `"one.test.mjs > notes > loses one" failed.*postgresql://owner@127\\.0\\.0\\.1:\\d+/${first} `,
      ),
    );
    expect(text).not.toMatch(/pa:ss|pa%3Ass/);
  },
);

test.each(["test", "worker"])(
  "a pool that tests leave open is not cut off when their database is done with (per %s)",
  limit,
  async (per) => {
    project.write("test.mjs", setUp(`per: "${per}"`));
    project.write(
      "one.test.mjs",
      `import pg from "pg";
import { test } from "./test.mjs";
const pools = [];
for (const which of ["one", "two", "three"])
  test(which, async ({ databaseUrl }) => {
    for (const pool of pools) await pool.query("SELECT 1");
    pools.push(new pg.Pool({ connectionString: databaseUrl, idleTimeoutMillis: 0 }));
    await pools.at(-1).query("SELECT 1");
  });`,
    );
    const { code, text } = await project.vitest();
    expect(text).toContain("3 passed");
    expect(text).not.toMatch(/Unhandled|57P01|terminating connection/);
    expect(code).toBe(0);
  },
);

test("tests beside each other in one worker have databases of their own", limit, async () => {
  project.write("test.mjs", setUp('per: "test"'));
  project.write(
    "one.test.mjs",
    `import { expect } from "vitest";
import { ask, nameOf, note, test } from "./test.mjs";
let meet;
const met = new Promise((resolve) => { meet = resolve; });
const seen = [];
for (const which of ["one", "two"])
  test.concurrent(which, async ({ stack, databaseUrl }) => {
    if (seen.push(nameOf(databaseUrl)) === 2) meet();
    await met;
    expect(new Set(seen).size).toBe(2);
    expect(await ask(stack, "SELECT datname FROM pg_database")).toContain(nameOf(databaseUrl));
  });`,
  );
  const { code, text } = await project.vitest();
  expect(text).toContain("2 passed");
  expect(code).toBe(0);
});

test("a template that is made long after the stack came up is told, once", limit, async () => {
  project.write(
    "starts.mjs",
    `import { createGlobalFixtures } from "rollcall/mocha";
const { mochaGlobalSetup, mochaGlobalTeardown } = createGlobalFixtures({ databases: ["db"], prepared: 0 });
await mochaGlobalSetup();
await mochaGlobalTeardown();`,
  );
  const told = "copies of its database as it is now";
  const start = async () => (await project.node(["starts.mjs"])).text;
  expect(await start()).not.toContain(told);
  const inside = await project.rollcall("run", "--", process.execPath, "starts.mjs");
  expect(inside.text).not.toContain(told);
  const [first, second] = await whileUp(async () => [await start(), await start()]);
  expect(first).toContain(told);
  expect(second).not.toContain(told);
});

test("a number of clones that is none is refused before anything starts", limit, async () => {
  project.write(
    "wrong.mjs",
    `import { createGlobalFixtures } from "rollcall/mocha";
await createGlobalFixtures({ databases: ["db"], prepared: -1 }).mochaGlobalSetup();`,
  );
  const { code, text } = await project.node(["wrong.mjs"]);
  expect(text).toContain("prepared: expected a whole number, 0 or more, got -1.");
  expect(code).toBe(1);
});

async function whileUp<Result>(work: () => Promise<Result>): Promise<Result> {
  expect((await project.rollcall("up")).code).toBe(0);
  try {
    return await work();
  } finally {
    await project.rollcall("down");
  }
}

/** Of the stack that is up. */
async function databases(): Promise<readonly string[]> {
  const { text } = await project.rollcall("status", "--json");
  const { services } = JSON.parse(text) as Status;
  const [port] = Object.values(services[0]?.ports ?? {});
  return (await ask(port?.url ?? "", "SELECT datname FROM pg_database")).flat().map(String);
}

interface Status {
  readonly services: readonly { readonly ports: Readonly<Record<string, { readonly url: string }>> }[];
}
