import { expect, test } from "vitest";
import { describeProcess } from "../../../src/runtime/process/members.ts";

test("a process is told by its program: arguments may hold secrets, and its name is what it chose", () => {
  expect(describeProcess({ pid: 7, name: "postgres" })).toBe("process 7 (postgres)");
  expect(describeProcess({ pid: 7, name: "/opt/bin/server --password=s3cret" })).toBe("process 7 (server)");
  expect(describeProcess({ pid: 7, name: "\u001b[2Jser\nver" })).toBe("process 7 (ser\\nver)");
});
