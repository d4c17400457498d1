import { expect, test } from "vitest";
import { splitCamelCase } from "../src/words.ts";

test.each([
  ["OOMKilled", "OOM Killed"],
  ["CrashLoopBackOff", "Crash Loop Back Off"],
  ["pod in ImagePullBackOff\n\tagain", "pod in Image Pull Back Off again"],
  ["HTTPServer2Down", "HTTP Server2 Down"],
  ["plain words stay", "plain words stay"],
  ["ÄußereGröße", "Äußere Größe"],
])("%s is read as %s", (given, expected) => {
  expect(splitCamelCase(given)).toBe(expected);
});
