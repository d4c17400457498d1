import type { Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { Look } from "../../src/probe/types.ts";
import type { ProbeSpec } from "../../src/stack/types.ts";
import { lookOnce } from "./fixtures/looking.ts";
import { deadAddress, liars, listen } from "./fixtures/wire-server.ts";

const spec: ProbeSpec = { kind: "tcp", port: undefined };

async function lookAt(serve: (socket: Socket) => void): Promise<Look> {
  const server = await listen(serve);
  onTestFinished(() => server.close());
  return lookOnce(spec, server.address);
}

test("a connection that lasts is listening, and no more", async () => {
  expect(await lookAt(liars.neverAnswers)).toMatchObject({
    verdict: "ready",
    level: "listening",
    observed: expect.stringMatching(/^accepts connections on port \d+$/),
  });
});

test("what a server says by itself is shown", async () => {
  expect(await lookAt((socket) => socket.write("220 hello\r\n"))).toMatchObject({
    verdict: "ready",
    observed: expect.stringMatching(/ and says: 220 hello$/),
  });
});

test.each(["acceptsAndCloses", "acceptsAndResets"] as const)("%s is not listening", async (liar) => {
  expect(await lookAt(liars[liar])).toEqual({
    verdict: "not-yet",
    observed: "connection reset right after accept",
  });
});

test("a server that says something and hangs up is not listening", async () => {
  expect(await lookAt((socket) => socket.end("go away\n"))).toEqual({
    verdict: "not-yet",
    observed: "connection closed after 8 bytes: go away",
  });
});

test("nobody listens", async () => {
  expect(await lookOnce(spec, await deadAddress())).toMatchObject({ observed: "connection refused" });
});
