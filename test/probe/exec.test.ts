import { expect, test } from "vitest";
import { createProbe } from "../../src/probe/create.ts";
import type { Look, ProbeTarget } from "../../src/probe/types.ts";
import { giveUp, targetAt } from "./fixtures/looking.ts";

function probe(exec: ProbeTarget["exec"]) {
  const spec = { kind: "exec", argv: ["pg_isready", "-q"], timeoutMs: 1000, intervalMs: 50 } as const;
  return createProbe(spec, targetAt(undefined, { exec }));
}

async function lookAt(exec: ProbeTarget["exec"]): Promise<Look> {
  return probe(exec).look({ signal: new AbortController().signal });
}

test("exit code 0 is ready", async () => {
  const asked: unknown[] = [];
  const look = await lookAt(async (argv) => {
    asked.push(argv);
    return { exitCode: 0, output: "" };
  });
  expect(look).toEqual({ verdict: "ready", level: "query", observed: "exit code 0" });
  expect(asked).toEqual([["pg_isready", "-q"]]);
});

test("another exit code is not yet, with the last line of the output, shown harmlessly", async () => {
  const look = await lookAt(async () => ({ exitCode: 1, output: "one\n\u001b[2Jtwo\n\n" }));
  expect(look).toEqual({ verdict: "not-yet", observed: "exit code 1: \\x1b[2Jtwo" });
});

test("a command that does not exist is wrong", async () => {
  const look = await lookAt(async () => ({ exitCode: 127, output: "sh: curl: not found\n" }));
  expect(look).toEqual({ verdict: "wrong", observed: "exit code 127: sh: curl: not found" });
});

test("a runtime that fails is not yet", async () => {
  const look = await lookAt(async () => {
    throw new Error("container is restarting");
  });
  expect(look).toEqual({
    verdict: "not-yet",
    observed: "the command could not be run: container is restarting",
  });
});

test("a command that hangs gets the signal", async () => {
  let ran = (): void => {};
  const asked = new Promise<void>((resolve) => {
    ran = resolve;
  });
  const hanging = probe((_argv, { signal }) => {
    ran();
    return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  });
  expect(await giveUp(hanging, asked)).toMatchObject({ waitingFor: "from pg_isready -q" });
});

test("limit and interval are the definition's", () => {
  expect(probe(async () => ({ exitCode: 0, output: "" }))).toMatchObject({
    lookLimitMs: 1000,
    leastIntervalMs: 50,
  });
});
