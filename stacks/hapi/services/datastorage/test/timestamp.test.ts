import { expect, test } from "vitest";
import { timestampProblem } from "../src/audit/event.ts";
import { normaliseTimestamp } from "../src/timestamp.ts";

test.each([
  ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z"],
  ["2026-01-02t03:04:05.5z", "2026-01-02T03:04:05.500Z"],
  ["2026-01-02T03:04:05.123456+05:30", "2026-01-01T21:34:05.123456Z"],
  ["2026-01-02T03:04:05.123456789012345-00:00", "2026-01-02T03:04:05.123456Z"],
  ["2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"],
  ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"],
])("%s is %s", (text, expected) => {
  const timestamp = normaliseTimestamp(text);
  expect(timestamp?.text).toBe(expected);
  expect(timestamp?.date).toBe(expected.slice(0, 10));
});

test.each([
  "2026-01-02",
  "2026-01-02T03:04:05",
  "2026-01-02 03:04:05Z",
  "2026-02-29T00:00:00Z",
  "2026-01-02T24:00:00Z",
  "2026-01-02T03:04:61Z",
  "2026-01-02T03:04Z",
  "2026-01-02T03:04:05+0530",
  "2026-01-02T03:04:05.Z",
  "",
])("%j is no RFC 3339", (text) => {
  expect(normaliseTimestamp(text)).toBeUndefined();
});

test("exactly 5 minutes ahead and exactly 7 days old are taken, a millisecond more is not", () => {
  const nowMs = Date.UTC(2026, 0, 10);
  const problem = (offsetMs: number) => timestampProblem(new Date(nowMs + offsetMs).toISOString(), nowMs);
  const ahead = 5 * 60_000;
  const behind = 7 * 24 * 60 * 60_000;
  expect([problem(ahead), problem(-behind)]).toEqual([undefined, undefined]);
  expect(problem(ahead + 1)).toContain("5 minutes");
  expect(problem(-behind - 1)).toContain("7 days");
});
