import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readJournal } from "../../src/journal/journal.ts";
import { verifyJournal } from "../../src/journal/verify.ts";
import { down } from "../../src/run/end/down.ts";
import { up } from "../../src/run/start/up.ts";
import { journalFileOf } from "../../src/run/state/folders.ts";
import { bundlePrograms } from "./fixtures/bundle.ts";
import { useFolder } from "./fixtures/folder.ts";
import { type Program, startProgram } from "./fixtures/program.ts";
import { server, stackOf } from "./fixtures/stack.ts";

const folder = useFolder();
let programs: Awaited<ReturnType<typeof bundlePrograms>>;
beforeAll(async () => {
  programs = await bundlePrograms();
});
afterAll(() => programs.remove());

const pidOf = async (url: string) => Number((await (await fetch(url)).text()).slice(4));

/** Another process that has brought the stack up and holds it. */
async function holder() {
  const stack = stackOf(folder.dir, [server("a"), server("b")]);
  const program = startProgram(programs.program("user"), { stack, ending: "down" });
  const { ready = "" } = await program.said("ready");
  return { stack, program, dir: join(folder.dir, ".rollcall/runs", ready) };
}

async function end({ child, told, ended }: Program) {
  child.stdin?.write("\n");
  await ended;
  return told;
}

test("what an attached process kills and restarts is no failure for the process that holds the run", async () => {
  const { stack, program, dir } = await holder();
  const run = await up(stack);
  expect(run.attached).toBe(true);
  await run.service("a").kill();
  await run.service("a").restart();
  await run.service("b").restart();
  expect(await run.status()).toMatchObject({ state: "ready" });
  await run.down();
  const told = await end(program);
  expect(told.filter(({ failed }) => failed !== undefined)).toEqual([]);
  expect(told.at(-1)).toMatchObject({ down: true, state: "ready" });
  const events = await readJournal(journalFileOf(dir));
  expect(verifyJournal(events)).toEqual([]);
  const ends = events.flatMap((event) => (event.type === "service.exited" ? [event.expected] : []));
  expect(ends).toEqual([true]);
});

test("the end of what another process has restarted is told to the process that holds the run", async () => {
  const { stack, program } = await holder();
  const run = await up(stack);
  await run.service("a").restart();
  process.kill(await pidOf(run.service("a").url()), "SIGKILL");
  expect(await program.said("failed")).toMatchObject({ failed: expect.stringMatching(/^a: a ended/) });
  await run.down();
  await end(program);
});

test("users of one run restart a service in turn, and each works with what runs now", async () => {
  const stack = stackOf(folder.dir, [server("a")]);
  const first = await up(stack, { runtime: "process", stay: true });
  const second = await up(stack);
  const pids = new Set([await pidOf(first.service("a").url())]);
  for (const each of [second, first, second, second, first]) {
    await each.service("a").restart();
    pids.add(await pidOf(each.service("a").url()));
    for (const user of [first, second]) expect(await user.status()).toMatchObject({ state: "ready" });
  }
  expect(pids.size).toBe(6);
  await first.service("a").kill();
  await second.service("a").restart();
  await first.service("a").pause();
  await first.service("a").resume();
  await second.down();
  await first.down();
  await down(stack);
  expect(verifyJournal(await readJournal(journalFileOf(first.dir)))).toEqual([]);
});

test("a service killed by a process that has attached to a run without a holder has its end told", async () => {
  const stack = stackOf(folder.dir, [server("a"), server("b")]);
  const left = await up(stack, { runtime: "process", stay: true });
  await left.down();
  const run = await up(stack);
  await run.service("b").kill();
  await run.down();
  await down(stack);
  const events = await readJournal(journalFileOf(left.dir));
  expect(verifyJournal(events)).toEqual([]);
  expect(events).toContainEqual(
    expect.objectContaining({ type: "service.exited", service: "b", expected: true }),
  );
});
