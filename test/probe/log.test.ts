import { expect, test } from "vitest";
import { createProbe } from "../../src/probe/create.ts";
import type { Look } from "../../src/probe/types.ts";
import { targetAt } from "./fixtures/looking.ts";

/** A log that the test writes, byte by byte if it likes. */
function watch(pattern: string, times = 1) {
  let log = Buffer.alloc(0);
  const reads: number[] = [];
  const readLog = async (fromByte: number): Promise<Buffer> => {
    reads.push(fromByte);
    return log.subarray(fromByte);
  };
  const probe = createProbe({ kind: "log", pattern, times }, targetAt(undefined, { readLog }));
  return {
    reads,
    probe,
    write: (more: string | Buffer): void => {
      log = Buffer.concat([log, Buffer.from(more)]);
    },
    look: (): Promise<Look> => probe.look({ signal: new AbortController().signal }),
  };
}

test("a line written before the watch began counts", async () => {
  const log = watch("ready to accept");
  log.write("starting\nready to accept connections\nmore\n");
  expect(await log.look()).toEqual({
    verdict: "ready",
    level: "listening",
    observed: "logged: ready to accept connections",
  });
});

test("only complete lines count", async () => {
  const log = watch("^listening on \\d+$");
  log.write("listening on 80");
  expect(await log.look()).toEqual({ verdict: "not-yet", observed: "no such line in the log" });
  log.write("80\r");
  expect(await log.look()).toMatchObject({ verdict: "not-yet" });
  log.write("\n");
  expect(await log.look()).toMatchObject({ verdict: "ready", observed: "logged: listening on 8080" });
});

test("reads on from where it was, and counts no line twice", async () => {
  const log = watch("ready", 2);
  log.write("ready\n");
  expect(await log.look()).toMatchObject({ observed: "1 of 2 such lines in the log" });
  expect(await log.look()).toMatchObject({ observed: "1 of 2 such lines in the log" });
  log.write("ready\n");
  expect(await log.look()).toMatchObject({ verdict: "ready" });
  expect(log.reads).toEqual([0, 6, 6]);
});

test("a character that is split over two reads stays whole", async () => {
  const log = watch("^bereit für alles$");
  const bytes = Buffer.from("bereit für alles\n");
  for (const byte of bytes) {
    log.write(Buffer.from([byte]));
    const look = await log.look();
    expect(look.verdict).toBe(byte === 0x0a ? "ready" : "not-yet");
  }
});

test("colours do not hide a line", async () => {
  const log = watch("^ready$");
  log.write("\u001b[32mready\u001b[0m\n");
  expect(await log.look()).toMatchObject({
    verdict: "ready",
    observed: "logged: \\x1b[32mready\\x1b[0m",
  });
});

test("a line longer than 1 MiB is cut, and the next one is whole", async () => {
  const log = watch("^(x+end|next)$", 1);
  log.write(`${"x".repeat(1024 * 1024)}end\n`);
  expect(await log.look()).toMatchObject({ verdict: "not-yet" });
  log.write("next\n");
  expect(await log.look()).toMatchObject({ verdict: "ready", observed: "logged: next" });
});

test("a look that was given up does not count its lines", async () => {
  const log = watch("ready", 2);
  log.write("ready\n");
  const controller = new AbortController();
  const look = log.probe.look({ signal: controller.signal });
  controller.abort();
  await expect(look).rejects.toMatchObject({ name: "LookAborted" });
  expect(await log.look()).toMatchObject({ observed: "1 of 2 such lines in the log" });
});

test("a log that cannot be read is not yet", async () => {
  const readLog = async (): Promise<Buffer> => {
    throw new Error("ENOENT: no such file");
  };
  const probe = createProbe({ kind: "log", pattern: "x", times: 1 }, targetAt(undefined, { readLog }));
  expect(await probe.look({ signal: new AbortController().signal })).toEqual({
    verdict: "not-yet",
    observed: "the log could not be read: ENOENT: no such file",
  });
});
