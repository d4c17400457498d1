import { afterEach, expect, test } from "vitest";
import { startForTests } from "../../src/adapters/start-for-tests.ts";
import { defineStack, tcp } from "../../src/index.ts";

const before = process.env["ROLLCALL_RUNTIME"];
afterEach(() => {
  if (before === undefined) delete process.env["ROLLCALL_RUNTIME"];
  else process.env["ROLLCALL_RUNTIME"] = before;
});

test("a runtime that there is not is refused by name", async () => {
  process.env["ROLLCALL_RUNTIME"] = "podmen";
  const stack = defineStack({
    name: "shop",
    services: { web: { process: ["node"], ports: { http: "free" }, ready: tcp() } },
  });
  await expect(startForTests({ stack }, { cwd: "/" })).rejects.toThrow(
    'ROLLCALL_RUNTIME: expected auto, process, podman, docker, got "podmen"',
  );
});

test("the error of a start is the whole report, without frames of rollcall", async () => {
  const failed = await startForTests({ stack: "/nowhere" }, { cwd: "/" }).catch((error: Error) => error);
  expect(failed).toMatchObject({ name: "StartError" });
  expect(String(failed)).toContain("There is no file or folder");
  expect(String(failed)).toContain("FILE_NOT_FOUND (exit 2)");
  expect(failed instanceof Error && failed.stack).toBe(String(failed));
});
