import { describe, expect, onTestFinished, test } from "vitest";
import { createProbe } from "../../src/probe/create.ts";
import type { Look } from "../../src/probe/types.ts";
import { untilReady } from "../../src/probe/until.ts";
import type { ProbeSpec } from "../../src/stack/types.ts";
import { giveUp, lookOnce, targetAt } from "./fixtures/looking.ts";
import { findRedis, startRedis } from "./fixtures/redis-server.ts";
import { answering, deadAddress, liars, listen } from "./fixtures/wire-server.ts";

type RedisSpec = Extract<ProbeSpec, { kind: "redis" }>;

const spec: RedisSpec = { kind: "redis", port: undefined, username: undefined, password: undefined };

const binary = findRedis();
const missing = "redis-server is not on PATH: install it to test against a real Redis";

describe("a real Redis", () => {
  if (binary === undefined && process.env["CI"] === "true") {
    test("is installed in CI", () => expect.unreachable(missing));
  }

  async function ready(wanted: RedisSpec, ...more: readonly string[]) {
    const server = await startRedis(binary ?? "", ...more);
    onTestFinished(() => server.close());
    const outcome = await untilReady({
      probe: createProbe(wanted, targetAt(server.address)),
      alive: async () => ({ id: "1", pid: server.pid, startTime: "1" }),
      exited: new Promise(() => {}),
      budgetMs: 60_000,
      signal: new AbortController().signal,
      onObserved: () => {},
    });
    expect(outcome).toMatchObject({ kind: "ready", level: "query", observed: "PING answered PONG" });
    return server;
  }

  test("is ready when it answers PONG", async (context) => {
    if (binary === undefined) return context.skip(missing);
    const server = await ready(spec);
    const look = await lookOnce({ ...spec, password: "not asked for" }, server.address);
    expect(look).toMatchObject({ verdict: "wrong", observed: expect.stringContaining("AUTH answered ERR") });
  });

  test("asks for the password of the probe, and names a missing and a wrong one", async (context) => {
    if (binary === undefined) return context.skip(missing);
    const server = await ready({ ...spec, password: "p w" }, "--requirepass", "p w");
    expect(await lookOnce({ ...spec, username: "default", password: "p w" }, server.address)).toMatchObject({
      verdict: "ready",
    });
    expect(await lookOnce(spec, server.address)).toEqual({
      verdict: "wrong",
      observed: "PING answered NOAUTH Authentication required.",
    });
    expect(await lookOnce({ ...spec, password: "other" }, server.address)).toMatchObject({
      verdict: "wrong",
      observed: expect.stringContaining("AUTH answered WRONGPASS"),
    });
  });
});

describe("a server that is no Redis, or not yet", () => {
  async function lookAt(serve: Parameters<typeof listen>[0]): Promise<Look> {
    const server = await listen(serve);
    onTestFinished(() => server.close());
    return lookOnce(spec, server.address);
  }

  test.each([
    ["-LOADING Redis is loading the dataset in memory", "not-yet"],
    ["-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", "not-yet"],
    ["-BUSY Redis is busy running a script.", "not-yet"],
    ["-ERR max number of clients reached", "not-yet"],
    ["-NOAUTH Authentication required.", "wrong"],
    ["-NOPERM this user has no permissions to run the 'ping' command", "wrong"],
    ["-ERR unknown command 'PING'", "wrong"],
    ["+PONGO", "wrong"],
    [":1", "wrong"],
  ] as const)("%s is %s", async (answer, verdict) => {
    expect(await lookAt(answering(`${answer}\r\n`))).toEqual({
      verdict,
      observed: `PING answered ${answer.replace(/^-/, "")}`,
    });
  });

  test("PONG is taken when it comes in pieces", async () => {
    const look = await lookAt((socket) => {
      socket.once("data", () => {
        socket.write("+PO");
        setImmediate(() => socket.write("NG\r"));
        setImmediate(() => setImmediate(() => socket.write("\n")));
      });
    });
    expect(look).toMatchObject({ verdict: "ready" });
  });

  test("LOADING is waited out, and only PONG opens the gate", async () => {
    let loading = 3;
    const server = await listen((socket) =>
      socket.on("data", () => {
        loading -= 1;
        socket.write(loading < 0 ? "+PONG\r\n" : "-LOADING Redis is loading\r\n");
      }),
    );
    onTestFinished(() => server.close());
    const seen: string[] = [];
    const outcome = await untilReady({
      probe: createProbe(spec, targetAt(server.address)),
      alive: async () => ({ id: "1", pid: 1, startTime: "1" }),
      exited: new Promise(() => {}),
      budgetMs: 60_000,
      signal: new AbortController().signal,
      onObserved: (observed) => seen.push(observed),
    });
    expect(outcome).toMatchObject({ kind: "ready", attempts: 4 });
    expect(seen).toEqual(["PING answered LOADING Redis is loading", "PING answered PONG"]);
  });

  test("nobody listens", async () => {
    const look = await lookOnce(spec, await deadAddress());
    expect(look).toEqual({ verdict: "not-yet", observed: "connection refused" });
  });

  test("the port is not published", async () => {
    expect(await lookOnce({ ...spec, port: "redis" }, undefined)).toEqual({
      verdict: "wrong",
      observed: "the port redis is not published",
    });
  });

  test.each(["acceptsAndCloses", "acceptsAndResets"] as const)("%s", async (liar) => {
    expect(await lookAt(liars[liar])).toEqual({
      verdict: "not-yet",
      observed: "connection reset right after accept",
    });
  });

  test("answers garbage, which is shown harmlessly", async () => {
    expect(await lookAt(liars.answersGarbage)).toEqual({
      verdict: "wrong",
      observed: "answered something else than Redis: \\x1b[31mGARBAGE\\x00\\r\\nmore",
    });
  });

  test("a line without end is garbage", async () => {
    expect(await lookAt(answering(`+${"x".repeat(10_000)}`))).toMatchObject({
      verdict: "wrong",
      observed: expect.stringMatching(/^answered something else than Redis: \+x{100,199}…$/),
    });
  });

  test("never answers: what was asked is named, and the connection closed", async () => {
    let asked = (): void => {};
    const heard = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const server = await listen((socket) => socket.once("data", asked));
    onTestFinished(() => server.close());
    const thrown = await giveUp(createProbe(spec, targetAt(server.address)), heard);
    expect(thrown).toMatchObject({ name: "LookAborted", waitingFor: "to PING" });
    await expect.poll(() => server.open.size, { timeout: 20_000 }).toBe(0);
  });
});
