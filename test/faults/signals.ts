import { expect } from "vitest";
import { listProcesses, readCommand } from "../../src/util/process-table.ts";
import { cli, journalShows } from "./cli.ts";
import { everywhere, type Fault, processes } from "./fault.ts";
import { rollcall, type Stage } from "./stage.ts";
import { unit } from "./units.ts";
import { untilOrphaned } from "./until-orphaned.ts";

const slow = { beforeMs: 60_000 } as const;
const upArgs = (stage: Stage) => ["up", "--runtime", stage.kind, "--json"];

/** `rollcall up` gets a signal while b is on its way. */
function signalled(signal: NodeJS.Signals, code: number, errorCode: string): Fault {
  return {
    name: `rollcall gets ${signal} during a start`,
    on: everywhere,
    ...(signal === "SIGINT" ? { short: true as const } : {}),
    async play(stage) {
      await stage.define({ a: unit(stage), b: unit(stage, slow) });
      const command = cli(stage, upArgs(stage));
      await journalShows(stage, "start.done", "b");
      stage.visibleAt = Date.now();
      command.kill(signal);
      const failed = await journalShows(stage, "run.failed");
      stage.toldAt = Date.parse(failed.time);
      expect((await command.error()).code).toBe(errorCode);
      expect((await command.ended).code).toBe(code);
    },
  };
}

/** The owner is killed, and can clean nothing up. */
function ownerKilled(
  name: string,
  moment: (stage: Stage) => Promise<unknown>,
  more: Partial<Fault> = {},
): Fault {
  return {
    name,
    on: everywhere,
    ...more,
    async play(stage) {
      await stage.define({
        a: unit(stage),
        b: unit(stage, { beforeMs: 1000, children: 1, ignoreTerm: true }),
      });
      const command = cli(stage, ["run", "--runtime", stage.kind, "--", "node", "-e", untilOrphaned]);
      await moment(stage);
      command.kill("SIGKILL");
      await command.exited;
    },
  };
}

function guardsIn(stage: Stage): readonly number[] {
  return listProcesses().flatMap(({ pid }) => {
    const line = readCommand(pid) ?? "";
    return line.includes("guard-main") && line.includes(`${stage.dir}/`) ? [pid] : [];
  });
}

function guardIn(stage: Stage): number {
  const guards = guardsIn(stage);
  expect(guards).toHaveLength(1);
  return guards[0] ?? 0;
}

/** Signals to rollcall itself, and its death. */
export const signals: readonly Fault[] = [
  signalled("SIGINT", 130, "INTERRUPTED"),
  signalled("SIGTERM", 143, "TERMINATED"),
  signalled("SIGHUP", 143, "TERMINATED"),
  {
    name: "rollcall gets SIGINT twice while a service ignores SIGTERM",
    on: everywhere,
    async play(stage) {
      await stage.define({
        a: unit(stage, { ignoreTerm: true }, { stop: { grace: "5m" } }),
        b: unit(stage, slow),
      });
      const command = cli(stage, upArgs(stage));
      await journalShows(stage, "start.done", "b");
      command.kill("SIGINT");
      await journalShows(stage, "stop.requested", "a");
      command.kill("SIGINT");
      expect((await command.ended).code).toBe(130);
    },
  },
  ownerKilled("the owner is killed before anything was started", (stage) =>
    journalShows(stage, "run.started"),
  ),
  ownerKilled("the owner is killed during a start", (stage) => journalShows(stage, "start.requested", "b"), {
    short: true,
  }),
  ownerKilled("the owner is killed when the stack is up", (stage) => journalShows(stage, "run.ready")),
  {
    name: "the owner and its guard are killed together: the next command removes what is left",
    on: everywhere,
    short: true,
    async play(stage) {
      const stack = await stage.define({ a: unit(stage), b: unit(stage) });
      const command = cli(stage, ["run", "--runtime", stage.kind, "--", "node", "-e", untilOrphaned]);
      await journalShows(stage, "run.ready");
      // An owner that still runs would start another guard.
      command.kill("SIGSTOP");
      process.kill(guardIn(stage), "SIGKILL");
      command.kill("SIGKILL");
      await command.exited;
      expect(await rollcall.down(stack)).toEqual({ was: "up" });
    },
  },
  {
    name: "the guard is killed, and then the owner: another guard removes what is left",
    on: everywhere,
    async play(stage) {
      await stage.define({ a: unit(stage), b: unit(stage) });
      const command = cli(stage, ["run", "--runtime", stage.kind, "--", "node", "-e", untilOrphaned]);
      await journalShows(stage, "run.ready");
      const first = guardIn(stage);
      process.kill(first, "SIGKILL");
      await expect
        .poll(() => guardsIn(stage).filter((pid) => pid !== first), { timeout: 30_000 })
        .toHaveLength(1);
      command.kill("SIGKILL");
      await command.exited;
    },
  },
  {
    name: "the owner is stopped by SIGSTOP for a while during a start, and goes on",
    on: processes,
    async play(stage) {
      await stage.define({ a: unit(stage), b: unit(stage, { beforeMs: 1000 }) });
      const command = cli(stage, upArgs(stage));
      await journalShows(stage, "start.done", "b");
      command.kill("SIGSTOP");
      await new Promise((resolve) => setTimeout(resolve, 2000));
      command.kill("SIGCONT");
      expect(await command.ended).toMatchObject({ code: 0 });
      expect((await cli(stage, ["down"]).ended).code).toBe(0);
    },
  },
];
