import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { readProcess } from "../../src/util/process-table.ts";
import { main, rollcall, shop, start } from "./rig.ts";

let stack: ReturnType<typeof shop>;
beforeAll(() => {
  stack = shop();
});
afterAll(() => stack.remove());
afterEach(async () => {
  expect((await rollcall(["status"], { cwd: stack.dir })).code).toBe(3);
});

const run = (...command: string[]) =>
  start(["run", "--runtime", "process", "--", ...command], { cwd: stack.dir });

/** Says that it works, and then tells every SIGINT. */
const stubborn = (onInterrupt: string) =>
  `let count = 0; process.on("SIGINT", () => { count += 1; console.log("interrupt " + count); ${onInterrupt} }); setInterval(() => {}, 1000); console.log("at work")`;

describe("a second Ctrl-C", () => {
  test("ends a command that goes on, and the stack", async () => {
    const started = run("node", "-e", stubborn(""));
    await started.shows("at work");
    started.kill("SIGINT");
    await started.shows("interrupt 1");
    started.kill("SIGINT");
    expect((await started.ended).code).toBe(137);
  });

  test("leaves a command that heeds it its own exit code", async () => {
    const started = run("node", "-e", stubborn("if (count === 2) process.exit(42)"));
    await started.shows("at work");
    started.kill("SIGINT");
    await started.shows("interrupt 1");
    started.kill("SIGINT");
    const { code, stderr } = await started.ended;
    expect(code).toBe(42);
    expect(stderr).toContain("nothing is left");
  });

  test("may be a SIGTERM, as where CI calls a job off", async () => {
    const started = run("node", "-e", stubborn("process.on('SIGTERM', () => {})"));
    await started.shows("at work");
    started.kill("SIGINT");
    await started.shows("interrupt 1");
    started.kill("SIGTERM");
    expect((await started.ended).code).toBe(137);
  });
});

test("what a command has started ends with it when a service has died", async () => {
  const file = join(stack.dir, "pid");
  const started = run(
    "sh",
    "-c",
    `sh -c 'echo $$ > ${file}; trap "" TERM; echo at work; while :; do sleep 1; done'; echo next`,
  );
  await started.shows("at work");
  const { stdout } = await rollcall(["status", "--json"], { cwd: stack.dir });
  process.kill(JSON.parse(stdout).services[1].pid, "SIGKILL");
  const ended = await started.ended;
  expect(ended.code).toBe(1);
  expect(ended.stdout).not.toContain("next");
  expect(readProcess(Number(readFileSync(file, "utf8")))).toBeUndefined();
});

const hasTerminals = process.platform === "linux" && existsSync("/usr/bin/script");
test.skipIf(!hasTerminals)(
  "a terminal's Ctrl-C reaches a command once, also where stdin is no terminal",
  async () => {
    const heard = join(stack.dir, "heard");
    const source = join(stack.dir, "command.mjs");
    writeFileSync(
      source,
      `import { appendFileSync } from "node:fs";
process.on("SIGINT", () => { appendFileSync(${JSON.stringify(heard)}, "interrupt\\n"); setTimeout(() => process.exit(7), 1000); });
console.log("at work");
setInterval(() => {}, 1000);`,
    );
    // A shell that waits would be interrupted, too, and not every one tells the exit code then.
    const line = `exec node ${main} run --runtime process -- node ${source} < /dev/null`;
    const terminal = spawn("script", ["-qec", line, "/dev/null"], { cwd: stack.dir });
    let shown = "";
    await new Promise<void>((resolve) =>
      terminal.stdout.on("data", (data) => {
        shown += data;
        if (shown.includes("at work")) resolve();
      }),
    );
    terminal.stdin.write("\x03");
    const [code] = await once(terminal, "exit");
    expect(code, shown).toBe(7);
    expect(readFileSync(heard, "utf8")).toBe("interrupt\n");
  },
);
