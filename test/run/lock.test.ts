import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { acquireLock, type LockHolder, lockKey } from "../../src/run/lock/lock.ts";
import { lockRun } from "../../src/run/lock/lock-request.ts";
import { socketAddress } from "../../src/run/lock/socket-address.ts";
import { tempFolder } from "./fixtures/stack.ts";

let folder: Awaited<ReturnType<typeof tempFolder>>;
beforeEach(async () => {
  folder = await tempFolder();
});
afterEach(() => folder.remove());

const never = new AbortController().signal;
const lockOf = (
  doing: string,
  onWait: (holder: LockHolder) => void = () => {},
  signal = new AbortController().signal,
) => acquireLock({ stackDir: folder.dir, name: "demo", doing, signal, onWait });

test("one holds the lock, the next gets it as soon as it is released, and was told for whom it waits", async () => {
  const first = await lockOf("bringing this stack up");
  const told: LockHolder[] = [];
  let got = false;
  const second = lockOf("waiting", (holder) => told.push(holder)).then((lock) => {
    got = true;
    return lock;
  });
  await expect.poll(() => told).toEqual([{ pid: process.pid, doing: "bringing this stack up" }]);
  expect(got).toBe(false);
  await first.release();
  await (await second).release();
});

test("many who wait get it one after the other", async () => {
  let holders = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      const lock = await lockOf("counting");
      holders += 1;
      most = Math.max(most, holders);
      await new Promise((resolve) => setImmediate(resolve));
      holders -= 1;
      await lock.release();
    }),
  );
  expect(most).toBe(1);
});

test("locks of other names and folders do not hinder each other", async () => {
  const first = await lockOf("one");
  const second = await acquireLock({
    stackDir: folder.dir,
    name: "other",
    doing: "two",
    signal: never,
    onWait: () => {},
  });
  await Promise.all([first.release(), second.release()]);
});

test("an aborted wait ends with the reason of the abort", async () => {
  const first = await lockOf("one");
  const controller = new AbortController();
  const waiting = lockOf("two", () => controller.abort(new Error("enough")), controller.signal);
  await expect(waiting).rejects.toThrow("enough");
  await first.release();
});

test("a wait that is too long says who holds the lock", async () => {
  const first = await lockOf("taking this stack down");
  const waiting = lockRun({
    stackDir: folder.dir,
    name: "demo",
    doing: "up",
    signal: never,
    limitMs: 200,
    onWait: () => {},
  });
  await expect(waiting).rejects.toMatchObject({
    code: "LOCKED",
    message: expect.stringContaining(`Process ${process.pid} is taking this stack down`),
  });
  await first.release();
});

test("what a stranger in the holder's place says is shown harmlessly, and a long speech not at all", async () => {
  const speeches = ["x".repeat(5000), "\u001b[2Jresting\n::error::"];
  const stranger = createServer((socket) => {
    socket.on("error", () => {});
    const said = `${JSON.stringify({ pid: 1, doing: speeches.shift() })}\n`;
    if (speeches.length > 0) socket.end(said);
    else socket.write(said);
  });
  stranger.listen({
    path: socketAddress(`rollcall-lock-${lockKey({ stackDir: folder.dir, name: "demo" })}`),
  });
  await once(stranger, "listening");
  const told: LockHolder[] = [];
  const controller = new AbortController();
  const waiting = lockOf("up", (holder) => told.push(holder), controller.signal);
  await expect.poll(() => told).toEqual([{ pid: 1, doing: "resting\\n::error::" }]);
  controller.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
  stranger.close();
});

test("the death of the holder frees the lock at once", async () => {
  const program = fileURLToPath(new URL("./fixtures/hold-lock.ts", import.meta.url));
  const child = spawn(
    process.execPath,
    ["--import", import.meta.resolve("jiti/register"), program, folder.dir],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  await once(child.stdout, "data");
  const lock = await lockOf("next", () => child.kill("SIGKILL"));
  await lock.release();
});

test("whoever does not want to wait gets a free lock all the same", async () => {
  const impatient = AbortSignal.abort(new Error("no time"));
  const lock = await lockOf("one", () => {}, impatient);
  await expect(lockOf("two", () => {}, impatient)).rejects.toThrow("no time");
  await lock.release();
});
