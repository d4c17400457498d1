import { expect, test } from "vitest";
import { describeProbe } from "../../src/probe/describe.ts";
import { printable } from "../../src/probe/printable.ts";
import type { ProbeSpec } from "../../src/stack/types.ts";
import { createMask } from "../../src/util/mask.ts";

const http = {
  kind: "http",
  port: "http",
  path: "/health",
  method: "GET",
  status: [200],
  headers: {},
  headerMatch: {},
  bodyMatch: undefined,
  tls: undefined,
} as const;

const table: readonly (readonly [ProbeSpec, string])[] = [
  [http, "GET /health on http answers 200"],
  [
    { ...http, port: undefined, status: [200, 204], headerMatch: { "x-a": "b" }, bodyMatch: "ok" },
    "GET /health answers 200 or 204 with x-a matching /b/ and a body matching /ok/",
  ],
  [
    { kind: "postgres", port: undefined, user: "slm_user", password: "p", database: "action_history" },
    "query as slm_user on action_history",
  ],
  [{ kind: "redis", port: undefined, username: undefined, password: "p" }, "PING answers PONG"],
  [{ kind: "tcp", port: "smtp" }, "accepts connections on smtp"],
  [{ kind: "handshake", protocol: "kafka", port: undefined }, "kafka handshake"],
  [{ kind: "exec", argv: ["a", "b c"], timeoutMs: 1, intervalMs: 1 }, "a b c exits with 0"],
  [{ kind: "log", pattern: "ready", times: 2 }, "logs 2 times /ready/"],
  [
    { kind: "all", probes: [{ kind: "running" }, { kind: "tcp", port: undefined }] },
    "it runs, and accepts connections",
  ],
];

test.each(table)("%j is described", (spec, text) => {
  expect(describeProbe(spec)).toBe(text);
});

test.each([
  ["a\tb\r\nc", "a\\tb\\r\\nc"],
  ["\u001b]0;title\u0007\u009b31m", "\\x1b]0;title\\x07\\x9b31m"],
  ["evil\u202etxt\u200b\u2028", "evil\\u202etxt\\u200b"],
  ["lone \ud800 half", "lone \\ud800 half"],
  [Buffer.from([0x61, 0xff, 0x00, 0x62]), "aÿ\\x00b"],
  ["ümläut 🙂", "ümläut 🙂"],
])("%j is shown harmlessly", (said, shown) => {
  expect(printable(said)).toBe(shown);
  expect(printable(shown)).toBe(shown);
});

test("long texts are cut at 200 characters", () => {
  expect(Array.from(printable("🙂".repeat(1000)))).toHaveLength(200);
  expect(Array.from(printable("\u0000".repeat(1000)))).toHaveLength(200);
});

test("a secret that the cut goes through is masked all the same", () => {
  const mask = createMask(["s3cret/password"]);
  for (let before = 180; before < 200; before += 1)
    expect(mask(printable(`${"x".repeat(before)}s3cret/password and more`))).not.toContain("s3c");
});
