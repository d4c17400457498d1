import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { beforeEach, expect, test } from "vitest";
import { lookAtLogs } from "../../src/run/look/logs.ts";
import { up } from "../../src/run/start/up.ts";
import { logFileOf } from "../../src/run/state/folders.ts";
import type { Stack } from "../../src/stack/types.ts";
import { useFolder } from "./fixtures/folder.ts";
import { server, stackOf } from "./fixtures/stack.ts";

const folder = useFolder();
const key = ["-----BEGIN PRIVATE KEY-----", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "-----END PRIVATE KEY-----"];

let stack: Stack;
let file: string;
/** A run that has ended; what its service wrote is replaced by every test. */
beforeEach(async () => {
  stack = stackOf(folder.dir, [{ ...server("a"), secrets: [key.join("\n")] }]);
  const run = await up(stack, { runtime: "process" });
  await run.down();
  file = logFileOf(run.dir, "a");
  expect(readFileSync(file, "utf8")).toBe("listening\n");
});

async function linesOf(tail?: number, onLine?: () => void): Promise<string[]> {
  const lines: string[] = [];
  await lookAtLogs(stack, {
    services: ["a"],
    ...(tail === undefined ? {} : { tail }),
    onLine: (_service, line) => {
      lines.push(line);
      onLine?.();
    },
  });
  return lines;
}

test("a log of many short lines is shown whole, or its last lines", async () => {
  const count = 500_000;
  writeFileSync(file, "x\n".repeat(count));
  expect(await linesOf()).toHaveLength(count);
  expect(await linesOf(3)).toEqual(["x", "x", "x"]);
  writeFileSync(file, "one\r\ntwo\nthree\nrest");
  expect(await linesOf()).toEqual(["one", "two", "three", "rest"]);
  expect(await linesOf(2)).toEqual(["two", "three", "rest"]);
  expect(await linesOf(0)).toEqual(["rest"]);
});

test("its first line is shown before the last one has been read", async () => {
  const count = 3_000_000;
  writeFileSync(file, "line\n".repeat(count));
  let emptied = false;
  const lines = await linesOf(undefined, () => {
    if (!emptied) truncateSync(file);
    emptied = true;
  });
  expect(lines.length).toBeLessThan(count);
});

test("what has no end of line is cut, and what follows is whole", async () => {
  writeFileSync(file, `${"x".repeat(9_000_000)}\nnext\n`);
  const [long, ...others] = await linesOf();
  expect(long).toMatch(/^x+…$/);
  expect(long).toHaveLength(1024 * 1024 + 1);
  expect(others).toEqual(["next"]);
});

test("a secret of several lines is masked line by line", async () => {
  writeFileSync(file, `key:\n${key.join("\r\n")}\nread\n`);
  expect(await linesOf()).toEqual(["key:", "***", "***", "***", "read"]);
});
