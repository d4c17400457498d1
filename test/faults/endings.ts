import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { engines, everywhere, type Fault, fails, processes } from "./fault.ts";
import { mountSmall } from "./small-disk.ts";
import type { Stage } from "./stage.ts";
import { chore, form, serverFile, unit } from "./units.ts";

const early = { code: "EXITED_EARLY", service: "a" } as const;

/** Services that end before they are ready. */
export const endings: readonly Fault[] = [
  fails(
    "a service exits at once with code 3",
    everywhere,
    (stage) => ({
      units: { a: unit(stage, { start: { what: { exit: 3 } } }), b: unit(stage) },
      expected: { ...early, says: ["exit code 3"], report: { exitCode: 3, notStarted: ["b"] } },
    }),
    { short: true },
  ),
  fails("a service exits after a while with code 1", everywhere, (stage) => ({
    units: { a: unit(stage, { start: { afterMs: 700, what: { exit: 1 } } }) },
    expected: { ...early, report: { exitCode: 1 } },
  })),
  fails("a service does its work and exits with code 0", everywhere, (stage) => ({
    units: { a: unit(stage, { start: { what: { exit: 0 } } }) },
    expected: { ...early, says: ["ended by itself"], report: { exitCode: 0 } },
  })),
  fails("a service exits between listening and its first answer", everywhere, (stage) => ({
    units: { a: unit(stage, { onAsked: { exit: 4 } }) },
    expected: { ...early, report: { exitCode: 4 } },
  })),
  fails(
    "a service is killed, and it was no lack of memory",
    everywhere,
    (stage) => ({
      units: {
        a: unit(stage, {
          start: { afterMs: 300, what: stage.onProcesses ? { kill: "SIGKILL" } : { exit: 137 } },
        }),
      },
      expected: { ...early, says: ["no lack of memory"], report: { oomKilled: false } },
    }),
    { short: true },
  ),
  fails("a service aborts", processes, (stage) => ({
    units: { a: unit(stage, { start: { what: { abort: true } } }) },
    expected: { ...early, says: ["crashed (SIGABRT)"], report: { signal: "SIGABRT" } },
  })),
  fails("a service throws, and its log shows where", everywhere, (stage) => ({
    units: { a: unit(stage, { start: { what: { throw: "the boiler is cold" } } }) },
    expected: { ...early, says: ["the boiler is cold"], report: { exitCode: 1 } },
  })),
  fails("a service misses a module", everywhere, (stage) => ({
    units: { a: unit(stage, { start: { what: { import: "no-such-module-anywhere" } } }) },
    expected: { ...early, says: ["The module no-such-module-anywhere is not installed"] },
  })),
  fails("a service misses a file", everywhere, (stage) => ({
    units: { a: unit(stage, { start: { what: { read: "/etc/boiler.conf" } } }) },
    expected: { ...early, says: ["A file is missing", "/etc/boiler.conf"] },
  })),
  fails("a service's heap is exhausted", everywhere, (stage) => ({
    units: {
      a: unit(
        stage,
        { start: { what: { heap: true } } },
        { env: { NODE_OPTIONS: "--max-old-space-size=24" } },
      ),
    },
    expected: { ...early, says: ["heap"], visibleAt: () => undefined },
  })),
  fails("a service exhausts its file descriptors", everywhere, (stage) => ({
    units: {
      a: {
        ...unit(
          stage,
          { start: { what: { files: true } } },
          stage.onProcesses ? {} : { container: { ulimits: { nofile: 64, nproc: 1024 } } },
        ),
        ...(stage.onProcesses ? form(stage, ["prlimit", "--nofile=64", "node", serverFile]) : {}),
      },
    },
    expected: { ...early, says: ["A limit of open files"] },
  })),
  fails(
    "a service fills its disk",
    everywhere,
    async (stage) => {
      const folder = stage.onProcesses ? mountSmall(stage) : "/small";
      const base = unit(stage, { start: { what: { fill: folder } } });
      const files = [...(base.files ?? []), { tmpfs: true as const, target: "/small", options: "size=64k" }];
      return {
        units: { a: stage.onProcesses ? base : { ...base, files } },
        expected: { ...early, says: ["The disk is full"] },
      };
    },
    { short: true },
  ),
  fails("a service wants a port that is taken where it runs", everywhere, async (stage) => {
    const taken = stage.onProcesses ? (await stage.holdPort()).port : 8080;
    return {
      units: {
        a: unit(stage, { status: 503, listening: { afterMs: 300, what: { bind: taken } } }),
      },
      expected: { ...early, says: ["is taken by something else"] },
    };
  }),
  fails("a service cannot reach its peer", everywhere, (stage) => ({
    units: { a: unit(stage, { start: { what: { connect: ["127.0.0.1", 9] } } }) },
    expected: { ...early, says: ["It could not connect to what it needs"], report: { exitCode: 1 } },
  })),
  fails("a service does not know its peer's name", everywhere, (stage) => ({
    units: { a: unit(stage, { start: { what: { connect: ["nobody.invalid", 80] } } }) },
    expected: { ...early, says: [/cannot resolve the name "nobody.invalid"/], visibleAt: () => undefined },
  })),
  fails(
    "a service puts itself into the background: its child holds on, the parent has ended",
    processes,
    (stage) => ({
      units: { a: unit(stage, { children: 1, start: { afterMs: 400, what: { exit: 0 } } }) },
      expected: { ...early, says: ["puts itself into the background"] },
    }),
  ),
  fails("a service crashes and leaves children in sessions of their own", everywhere, (stage) => ({
    units: { a: unit(stage, { children: 3, start: { afterMs: 500, what: { exit: 9 } } }) },
    expected: { ...early, report: { exitCode: 9 } },
  })),
  fails("a service writes more than anybody reads, and crashes", everywhere, (stage) => ({
    units: { a: unit(stage, { flood: 20_000, start: { what: { exit: 5 } } }) },
    expected: { ...early, says: ["xxx 19999"], report: { exitCode: 5 } },
  })),
  fails(
    "a service writes escape sequences and crashes",
    everywhere,
    (stage) => ({
      units: {
        a: unit(stage, {
          log: ["\u001b]0;owned\u0007\u001b[2J\u001b[31mred\rover", "\u0000\u0001"],
          start: { what: { exit: 6 } },
        }),
      },
      expected: { ...early, says: ["over"], report: { exitCode: 6 } },
    }),
    { short: true },
  ),
  fails(
    "a task fails",
    everywhere,
    (stage) => ({
      units: { a: chore(stage, { start: { what: { exit: 8 } } }), b: unit(stage, {}, { after: ["a"] }) },
      expected: { code: "TASK_FAILED", service: "a", report: { exitCode: 8, notStarted: ["b"] } },
    }),
    { short: true },
  ),
  fails("a task is killed", everywhere, (stage) => ({
    units: { a: chore(stage, { start: { what: stage.onProcesses ? { kill: "SIGKILL" } : { exit: 137 } } }) },
    expected: { code: "TASK_FAILED", service: "a", says: ["killed"] },
  })),
  fails(
    "a command that is not there",
    everywhere,
    (stage) => ({
      // The image's own entrypoint would give the word to node.
      units: {
        a: stage.onProcesses
          ? { ...unit(stage), process: ["no-such-command"] }
          : unit(stage, {}, { container: { entrypoint: ["no-such-command"] } }),
      },
      expected: {
        code: "START_FAILED",
        service: "a",
        says: ["no-such-command"],
      },
    }),
    { short: true },
  ),
  fails("a command that may not be run", everywhere, (stage) => ({
    units: {
      a: stage.onProcesses
        ? { ...unit(stage), process: [plainFile(stage)] }
        : unit(stage, {}, { container: { entrypoint: ["/fault/server.mjs"] } }),
    },
    expected: { code: "START_FAILED", service: "a", says: [/permission|EACCES|may not be executed/i] },
  })),
  fails("a folder to run in that is gone when it is needed", processes, (stage) => {
    const cwd = join(stage.dir, "gone");
    mkdirSync(cwd);
    return {
      units: { a: unit(stage), b: { ...unit(stage), process: { command: ["node", "x.js"], cwd } } },
      meanwhile: async () => {
        await stage.happened("start.requested", "a");
        rmSync(cwd, { recursive: true });
      },
      expected: { code: "START_FAILED", service: "b", says: [/gone/] },
    };
  }),
  fails(
    "a service has more memory than its limit allows",
    engines,
    (stage) => ({
      units: {
        a: unit(stage, { start: { afterMs: 200, what: { memory: true } } }, { container: { memory: "96m" } }),
      },
      expected: {
        ...early,
        says: ["more memory than its limit"],
        report: { oomKilled: true },
        visibleAt: () => undefined,
      },
    }),
    { short: true },
  ),
];

function plainFile({ dir }: Stage): string {
  const file = join(dir, "plain");
  writeFileSync(file, "text", { mode: 0o644 });
  return file;
}
