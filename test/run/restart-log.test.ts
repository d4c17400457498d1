import { once } from "node:events";
import { watch } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { up } from "../../src/run/start/up.ts";
import type { Service } from "../../src/stack/types.ts";
import { useFolder } from "./fixtures/folder.ts";
import { server, stackOf } from "./fixtures/stack.ts";

const folder = useFolder();

/** Says that it waits, and that it is ready as soon as the file is there. */
function waiting(file: string): Service {
  const script = `
    const { existsSync, watch } = require("node:fs");
    const look = () => existsSync(${JSON.stringify(file)}) && (console.log("ready"), watcher.close());
    const watcher = watch(${JSON.stringify(folder.dir)}, look);
    console.log("waiting");
    look();
    setInterval(() => {}, 1000);`;
  return {
    ...server("a"),
    ports: [],
    env: {},
    process: { kind: "command", argv: [[process.execPath], ["-e"], [script]], cwd: folder.dir },
    ready: { kind: "log", pattern: "^ready$", times: 1 },
  };
}

test("a service that is started again is not ready for what it has logged before", async () => {
  const file = join(folder.dir, "go");
  await writeFile(file, "");
  const stack = stackOf(folder.dir, [waiting(file)]);
  const run = await up(stack, { runtime: "process" });
  try {
    await rm(file);
    const log = () => run.service("a").logs();
    const logWhenReady = run.service("a").restart().then(log);
    await logged(run.dir, async () => count("waiting", await log()) === 2);
    await writeFile(file, "");
    expect(count("ready", await logWhenReady)).toBe(2);
    const other = await up(stack, { runtime: "process" });
    expect(other.attached).toBe(true);
    await other.down();
  } finally {
    await run.down();
  }
});

const count = (word: string, text: string) => text.split("\n").filter((line) => line === word).length;

async function logged(dir: string, seen: () => Promise<boolean>): Promise<void> {
  const watcher = watch(join(dir, "logs"));
  try {
    for (;;) {
      const changed = once(watcher, "change");
      if (await seen()) return;
      await changed;
    }
  } finally {
    watcher.close();
  }
}
