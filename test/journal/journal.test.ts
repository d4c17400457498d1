import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { appendFile, chmod, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RollcallError } from "../../src/errors/rollcall-error.ts";
import type { RunEvent } from "../../src/journal/events.ts";
import { type Journal, openJournal, readJournal } from "../../src/journal/journal.ts";
import { parseJournal } from "../../src/journal/read.ts";
import { createMask } from "../../src/util/mask.ts";

let dir: string;
let file: string;
const opened: Journal[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "rollcall-journal-"));
  file = join(dir, "journal.ndjson");
});

afterEach(async () => {
  for (const journal of opened.splice(0)) await journal.close();
  await rm(dir, { recursive: true });
});

function open(secrets: readonly string[] = [], path = file): Journal {
  const journal = openJournal(path, { mask: createMask(secrets) });
  opened.push(journal);
  return journal;
}

/** The journal's source as one file that any program can load. */
function bundleJournal(): string {
  const outfile = join(dir, "journal.mjs");
  buildSync({
    entryPoints: ["src/journal/journal.ts"],
    bundle: true,
    platform: "node",
    format: "esm",
    outfile,
  });
  return outfile;
}

const many = 3000;
const counted = (pid: number | undefined) => Array.from({ length: many }, (_, n) => `${pid} ${n}`);
const notesOf = (events: readonly RunEvent[], pid: number | undefined) =>
  events.flatMap((event) => (event.type === "note" && event.text.startsWith(`${pid} `) ? [event.text] : []));
const numbers = (events: readonly RunEvent[]) => events.map(({ seq }) => seq);

describe("writing", () => {
  test("stamps every event and has it on disk at once, readable by nobody else", async () => {
    const journal = open();
    const first = journal.emit({ type: "note", text: "one" });
    const second = journal.emit({ type: "note", text: "two" });
    expect(await readJournal(file)).toEqual([first, second]);
    expect(numbers([first, second])).toEqual([1, 2]);
    expect(second.atMs).toBeGreaterThanOrEqual(first.atMs);
    expect(new Date(first.time).toISOString()).toBe(first.time);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test("masks secrets in free texts and leaves names alone", async () => {
    const journal = open(["postgres", "s3cret!word"]);
    journal.emit({
      type: "probe.observed",
      service: "postgres",
      observed: "postgres: s3cret!word",
      attempt: 1,
    });
    journal.emit({ type: "note", text: "url: redis://:s3cret%21word@127.0.0.1" });
    const text = await readFile(file, "utf8");
    expect(text).not.toMatch(/s3cret/);
    expect(text).toContain('"service":"postgres","observed":"***: ***"');
  });

  test("keeps no terminal escape of what somebody said", () => {
    const event = open().emit({
      type: "audit",
      leftovers: ["process 7 (\u001b]0;title\u0007\u001b[2Jsleep)"],
    });
    expect(event).toMatchObject({ leftovers: ["process 7 (sleep)"] });
  });

  test("goes on in numbers and time where an earlier command ended", async () => {
    const first = open();
    first.emit({ type: "note", text: "one" });
    await first.close();
    const second = open();
    const event = second.emit({ type: "run.stopping", because: "down" });
    expect(event.seq).toBe(2);
    expect(numbers(await readJournal(file))).toEqual([1, 2]);
  });

  test("takes up what another process has added meanwhile", async () => {
    const owner = open();
    const seen: RunEvent[] = [];
    owner.subscribe((event) => seen.push(event));
    owner.emit({ type: "note", text: "one" });
    const other = open();
    other.emit({ type: "run.attached", pid: 7 });
    owner.emit({ type: "note", text: "three" });
    expect(numbers(await readJournal(file))).toEqual([1, 2, 3]);
    expect(numbers(seen)).toEqual([1, 2, 3]);
  });

  test("drops the cut-off line of a writer that was killed, and goes on behind it", async () => {
    const first = open();
    first.emit({ type: "note", text: "one" });
    await appendFile(file, '{"seq":2,"atMs":1');
    const second = open();
    expect(second.emit({ type: "note", text: "two" }).seq).toBe(2);
    expect(numbers(await readJournal(file))).toEqual([1, 2]);
  });

  test("loses nothing that several processes write at the same time, and every one of them keeps its place", async () => {
    const bundle = bundleJournal();
    const owner = open();
    const seen: RunEvent[] = [];
    owner.subscribe((event) => seen.push(event));
    const script = `
      import { openJournal } from ${JSON.stringify(bundle)};
      const journal = openJournal(${JSON.stringify(file)}, { mask: (text) => text });
      process.stdin.once("data", () => {
        for (let n = 0; n < ${many}; n++) journal.emit({ type: "note", text: process.pid + " " + n });
        process.exit();
      });
      console.log("open");`;
    const writers = Array.from({ length: 3 }, () =>
      spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["pipe", "pipe", "inherit"] }),
    );
    await Promise.all(writers.map(({ stdout }) => once(stdout, "data")));
    const ended = writers.map((writer) => once(writer, "exit"));
    for (const { stdin } of writers) stdin.write("\n");
    for (let n = 0; n < many; n++) owner.emit({ type: "note", text: `${process.pid} ${n}` });
    await Promise.all(ended);
    const last = owner.emit({ type: "note", text: "last" });
    const events = await readJournal(file);
    expect(events).toEqual(seen);
    for (const { pid } of [...writers, process]) expect(notesOf(events, pid)).toEqual(counted(pid));
    expect(last.seq).toBe((events.at(-2)?.seq ?? 0) + 1);
  });

  test("goes on without the file when it cannot grow, and says so once", () => {
    const bundle = bundleJournal();
    const script = `
      import { openJournal } from ${JSON.stringify(bundle)};
      const journal = openJournal(${JSON.stringify(file)}, { mask: (text) => text });
      const seen = [];
      journal.subscribe((event) => seen.push(event));
      for (let n = 0; n < 20; n++) journal.emit({ type: "note", text: "x".repeat(1000) });
      console.log(JSON.stringify({ failure: journal.failure, notes: seen.filter((e) => /ends here/.test(e.text)).length, last: seen.at(-1).seq }));`;
    // A limit of the file's size stands for a full disk: the write fails half-way in the same manner.
    const { stdout, stderr } = spawnSync(
      "sh",
      ["-c", 'ulimit -f 8 && exec "$0" --input-type=module -e "$1"', process.execPath, script],
      { encoding: "utf8" },
    );
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({ failure: expect.stringContaining("EFBIG"), notes: 1, last: 21 });
    const { events, cutOff } = parseJournal(readFileSync(file, "utf8"), file);
    expect(numbers(events)[0]).toBe(1);
    expect(cutOff).toBe(false);
  });

  test.each([
    ["a symbolic link", async () => symlink("elsewhere", file), /symbolic link/],
    ["a damaged journal", async () => writeFile(file, "no event\n"), /line 1 is not an event: "no event"/],
  ])("refuses %s", async (_name, make, message) => {
    await make();
    expect(() => open()).toThrow(message);
  });
});

describe("reading along", () => {
  test("gives what has happened and what happens then, nothing twice, until it is ended", () => {
    const journal = open();
    journal.emit({ type: "note", text: "before" });
    const seen: number[] = [];
    const end = journal.subscribe(({ seq }) => seen.push(seq));
    journal.emit({ type: "note", text: "after" });
    end();
    journal.emit({ type: "note", text: "unheard" });
    expect(seen).toEqual([1, 2]);
  });

  test("keeps the order for everybody when a reader emits, and survives one that throws", () => {
    const journal = open();
    journal.emit({ type: "note", text: "1" });
    const seen: number[] = [];
    journal.subscribe(({ seq }) => {
      if (seq < 4) journal.emit({ type: "note", text: String(seq + 1) });
    });
    journal.subscribe(() => {
      throw new Error("a broken reader");
    });
    journal.subscribe(({ seq }) => seen.push(seq));
    journal.emit({ type: "note", text: "last" });
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen).toEqual([1, 2, 3, 4, 5]);
  });
});

describe("reading a file", () => {
  const line = (seq: number) =>
    `${JSON.stringify({ seq, atMs: seq, time: "2026-01-01T00:00:00Z", type: "note", text: "x" })}\n`;

  test("leaves out a cut-off last line", async () => {
    await writeFile(file, `${line(1)}${line(2)}${line(3).slice(0, 20)}`);
    expect(numbers(await readJournal(file))).toEqual([1, 2]);
  });

  test.each([
    ["is no JSON", "{"],
    ["is no event", "[]"],
    ["has an unknown type", '{"seq":2,"atMs":1,"time":"","type":"odd"}'],
    ["lacks a field", '{"seq":2,"atMs":1,"time":"","type":"start.done","service":"a"}'],
  ])("names the line that %s", async (_name, bad) => {
    await writeFile(file, `${line(1)}${bad}\n${line(3)}`);
    const thrown = await readJournal(file).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(RollcallError);
    expect(thrown).toMatchObject({ code: "STATE_INVALID", message: expect.stringContaining("line 2") });
  });

  test("follows no link and says when it is not there", async () => {
    await expect(readJournal(file)).rejects.toMatchObject({ code: "STATE_INVALID", message: /ENOENT/ });
    await writeFile(join(dir, "real"), line(1));
    await symlink("real", file);
    await expect(readJournal(file)).rejects.toMatchObject({ message: /symbolic link/ });
    await chmod(dir, 0o700);
  });
});
