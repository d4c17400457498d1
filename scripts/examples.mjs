// Every example with its real runner and the packed rollcall, in a folder of its own: its tests pass; a start that
// fails is one error; a failed test's database is kept and named; each test has one where that is asked for; after
// Ctrl-C and after SIGKILL nothing is left.
//   node scripts/examples.mjs [EXAMPLE…] [pass|fails|keeps|each|types|interrupt|kill …]      RUNTIME=process|podman|docker
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  closeWorkshop,
  compile,
  leftovers,
  openWorkshop,
  processesIn,
  start,
  variant,
} from "./examples/workshop.mjs";

const runtime = process.env.RUNTIME ?? "process";
const limitMs = 180_000;
const cause = "the word that this service lacks";

const hang = 'writeFileSync("begun", ""); await new Promise((resolve) => setTimeout(resolve, 600_000));';
const write = 'import { writeFileSync } from "node:fs";\n';
const examples = {
  vitest: {
    command: ["vitest", "run"],
    held: {
      "held.test.ts": `${write}import { test } from "./test.ts";\ntest("held", async ({ stack }) => { stack.run; ${hang} }, 900_000);`,
    },
  },
  jest: {
    command: ["jest"],
    held: {
      "held.test.js": `const { writeFileSync } = require("node:fs");\ntest("held", async () => { rollcall.run; ${hang} }, 900_000);`,
    },
  },
  playwright: {
    command: ["playwright", "test"],
    held: {
      "held.spec.ts": `${write}import { test } from "./test.ts";\ntest("held", async ({ stack }) => { test.setTimeout(900_000); stack.run; ${hang} });`,
    },
  },
  mocha: {
    command: ["mocha"],
    held: {
      "test/held.js": `${write}import { it } from "mocha";\nit("held", async function () { this.timeout(900_000); ${hang} });`,
    },
  },
  "node-test": {
    command: ["rollcall", "run", "--", "node", "--test"],
    held: {
      "test/held.test.js": `${write}import { it } from "node:test";\nimport { useStack } from "rollcall/node-test";\nimport definition from "../rollcall.config.js";\nawait useStack(definition);\nit("held", async () => { ${hang} });`,
    },
  },
};

const wrongNames = {
  vitest: `import { inject } from "vitest";
import type stack from "./rollcall.config.ts";
import { test } from "./test.ts";
declare module "rollcall/vitest" { interface Register { stack: typeof stack } }
inject("rollcall").services.api;
inject("rollcall").services.apu;
test("", ({ stack }) => void stack.service("apu"));`,
  playwright: 'import { test } from "./test.ts";\ntest("", ({ stack }) => void stack.service("apu"));',
};

const loses = `import { test } from "./test.ts";
test("loses a note", ({ databaseUrl }) => { throw new Error("lost in " + databaseUrl.split("/").at(-1)); });`;
const keeping = (text) => text.replace('database: "db"', 'database: "db", per: "test", keepOnFailure: true');
const losing = {
  vitest: { "loses.test.ts": loses, "test.ts": keeping },
  jest: {
    "loses.test.js": `describe("notes", () => test("loses a note", () => {
  throw new Error("lost in " + process.env.DATABASE_URL.split("/").at(-1));
}));`,
    "package.json": (text) => text.replace('"service":"db"', '"service":"db","keepOnFailure":true'),
  },
  playwright: { "loses.spec.ts": loses, "test.ts": keeping },
};

const each = {
  jest: {
    "each.test.js": `const seen = [];
const see = () => { seen.push(process.env.DATABASE_URL); };
see();
beforeAll(see);
afterAll(() => {
  see();
  if (seen[0] ?? seen[1] ?? seen.at(-1)) throw new Error("there is a database outside of tests: " + seen);
});
describe("notes", () => {
  test("one", see);
  test.skip("none", see);
  test("loses a note", () => {
    see();
    throw new Error("lost in " + process.env.DATABASE_URL.split("/").at(-1));
  });
});
test("another", () => {
  see();
  expect(new Set(seen.slice(2)).size).toBe(3);
});`,
    "package.json": (text) =>
      text.replace('"service":"db"', '"service":"db","per":"test","keepOnFailure":true'),
    "notes-one.test.js": "test('', () => {});",
    "notes-two.test.js": "test('', () => {});",
  },
};

const scenes = {
  each: async (stage) => {
    const { code, text } = await stage.run(each[stage.name]);
    expect(code === 1 && text.includes("1 failed, 1 skipped"), `exit code ${code}`, text);
    const [, kept] =
      /each.test.js > notes > loses a note" failed. The database is kept .*\/(rollcall_\w+) \(/.exec(text) ??
      [];
    expect(kept !== undefined && text.includes(`lost in ${kept}`), "the database is not named", text);
    expect(text.split("is kept").length === 2, "another one is kept", text);
  },
  pass: async (stage) => {
    const { code, text } = await stage.run({});
    expect(code === 0, `exit code ${code}`, text);
  },
  fails: async (stage) => {
    const { code, text } = await stage.run({
      "api/main.mjs": `console.error("${cause}"); process.exit(7);`,
    });
    expect(code !== 0 && code !== null, `exit code ${code}`, text);
    const told = text.split(cause).length - 1;
    expect(told === 1, `the cause is told ${told} times`, text);
    expect(text.includes("EXITED_EARLY"), "the error's code is not told", text);
  },
  keeps: async (stage) => {
    const { code, text } = await stage.run(losing[stage.name]);
    expect(code === 1, `exit code ${code}`, text);
    const [, kept] = /loses a note" failed. The database is kept .*\/(rollcall_\w+) \(/.exec(text) ?? [];
    expect(kept !== undefined && text.includes(`lost in ${kept}`), "the database is not named", text);
    expect(text.split("is kept").length === 2, "another one is kept", text);
  },
  types: async (stage) => {
    const wrong = await stage.compile({});
    expect(wrong === "", "it does not compile", wrong);
    const apu = await stage.compile({ "wrong.ts": wrongNames[stage.name] });
    const errors = apu.match(/wrong\.ts\(.*error.*apu/g) ?? [];
    expect(errors.length === wrongNames[stage.name].split("apu").length - 1, "a wrong name compiles", apu);
  },
  interrupt: (stage) => stage.end((child) => process.kill(-child.pid, "SIGINT")),
  kill: (stage) => stage.end((child) => child.kill("SIGKILL")),
};

function expect(holds, otherwise, text) {
  if (!holds) throw new Error(`${otherwise}\n${text}`);
}

function stageOf(workshop, name, scene) {
  const { command, held } = examples[name];
  const begin = async (files) => {
    const dir = await variant(workshop, name, scene, files);
    const tmp = join(workshop, "tmp");
    await mkdir(tmp, { recursive: true, mode: 0o755 });
    return {
      dir,
      tmp,
      stack: `notes-${name}`,
      runner: start(command, dir, tmp, { ROLLCALL_RUNTIME: runtime }),
    };
  };
  return {
    name,
    compile: async (files) => compile(await variant(workshop, name, scene, files)),
    run: async (files) => {
      const stage = await begin(files);
      const { runner } = stage;
      const { code } = await within(runner);
      const text = runner.text();
      await nothingLeft(stage, text);
      return { code, text };
    },
    end: async (how) => {
      const stage = await begin(held);
      const { dir, runner } = stage;
      await until(() => existsSync(join(dir, "begun")) || runner.child.exitCode !== null, "begun", runner);
      expect(runner.child.exitCode === null, "it ended before it was told to", runner.text());
      how(runner.child);
      const { code, signal } = await within(runner);
      expect(code !== 0, `exit code ${code} ${signal}`, runner.text());
      // What a runner's own workers do when it is killed is its matter.
      for (const { pid, command: words } of await processesIn(dir))
        if (
          !words.includes("guard-main") &&
          /worker|held|--test|site\.mjs|process\/(common|worker)/.test(words)
        )
          kill(pid);
      await nothingLeft(stage, runner.text());
    },
  };
}

function kill(pid) {
  try {
    process.kill(pid, "SIGKILL");
  } catch {}
}

async function within(runner) {
  const ended = await Promise.race([runner.ended, delay(limitMs, undefined, { ref: false })]);
  if (ended !== undefined) return ended;
  process.kill(-runner.child.pid, "SIGKILL");
  throw new Error(`it did not end within ${limitMs / 1000} s\n${runner.text()}`);
}

async function until(holds, what, runner) {
  for (const end = Date.now() + limitMs; Date.now() < end; await delay(50)) if (await holds()) return;
  throw new Error(`not ${what} within ${limitMs / 1000} s\n${runner?.text() ?? ""}`);
}

/** A guard ends a moment after its run. */
async function nothingLeft({ dir, tmp, stack }, text) {
  let left = [];
  const gone = async () => {
    const processes = [...(await processesIn(dir)), ...(await processesIn(tmp))];
    left = [
      ...processes.map(({ pid, command }) => `${pid} ${command}`),
      ...(await leftovers(tmp, runtime, stack)),
    ];
    return left.length === 0;
  };
  const end = Date.now() + 60_000;
  while (!(await gone())) {
    if (Date.now() > end) throw new Error(`left behind:\n${left.join("\n")}\n${text}`);
    await delay(100);
  }
}

const asked = process.argv.slice(2);
const pick = (all) => {
  const named = all.filter((name) => asked.includes(name));
  return named.length === 0 ? all : named;
};
const names = pick(Object.keys(examples));
const since = performance.now();
const seconds = (from) => `${((performance.now() - from) / 1000).toFixed(1)} s`;
const workshop = process.env.EXAMPLES_DIR ?? (await openWorkshop(names));
console.log(`installed in ${seconds(since)}: ${names.join(", ")} (runtime ${runtime})`);
try {
  for (const name of names) {
    for (const scene of pick(Object.keys(scenes))) {
      if (scene === "types" && !(name in wrongNames)) continue;
      if (scene === "each" && !(name in each)) continue;
      if (scene === "keeps" && !(name in losing)) continue;
      const began = performance.now();
      try {
        await scenes[scene](stageOf(workshop, name, scene));
        console.log(`✔ ${name}: ${scene} (${seconds(began)})`);
      } catch (error) {
        process.exitCode = 1;
        console.log(`✖ ${name}: ${scene} (${seconds(began)})\n${error.message}`);
      }
    }
  }
} finally {
  if (process.env.KEEP === undefined) await closeWorkshop(workshop);
  else console.log(workshop);
}
