import type { ProbeSpec } from "../stack/types.ts";
import { LookAborted, notYet, ready, wrong } from "./looks.ts";
import { printable } from "./printable.ts";
import type { Look, Probe, ProbeTarget } from "./types.ts";

type ExecSpec = Extract<ProbeSpec, { kind: "exec" }>;

/** The level is "query": a question that the definition's author chose was answered with yes. */
export function execProbe(spec: ExecSpec, target: ProbeTarget, describe: string): Probe {
  return {
    describe,
    lookLimitMs: spec.timeoutMs,
    leastIntervalMs: spec.intervalMs,
    look: async ({ signal }) => {
      const waitingFor = `from ${printable(spec.argv.join(" "))}`;
      if (signal.aborted) throw new LookAborted(waitingFor);
      try {
        const { exitCode, output } = await target.exec(spec.argv, { signal });
        if (signal.aborted) throw new LookAborted(waitingFor);
        return judge(exitCode, output);
      } catch (thrown) {
        if (signal.aborted) throw new LookAborted(waitingFor);
        const reason = thrown instanceof Error ? thrown.message : String(thrown);
        return notYet(`the command could not be run: ${printable(reason)}`);
      }
    },
  };
}

function judge(exitCode: number, output: string): Look {
  const lastLine = output.trimEnd().split("\n").at(-1) ?? "";
  const observed = `exit code ${exitCode}${lastLine === "" ? "" : `: ${printable(lastLine)}`}`;
  if (exitCode === 0) return ready("query", observed);
  // By the shells' convention: it may not be executed, or does not exist.
  return exitCode === 126 || exitCode === 127 ? wrong(observed) : notYet(observed);
}
