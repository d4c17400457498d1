import type { ProbeSpec } from "../stack/types.ts";
import { LineReader } from "../util/line-reader.ts";
import { LookAborted, notYet, ready } from "./looks.ts";
import { printable } from "./printable.ts";
import type { Probe, ProbeTarget } from "./types.ts";

type LogSpec = Extract<ProbeSpec, { kind: "log" }>;

const colours = /\u001b\[[0-9;]*m/g;

/** The level is "listening" at most: a line is what the service says of itself. */
export function logProbe(spec: LogSpec, target: ProbeTarget, describe: string): Probe {
  const pattern = new RegExp(spec.pattern);
  const lines = new LineReader();
  let readBytes = 0;
  let matches = 0;
  let lastMatch = "";
  return {
    describe,
    lookLimitMs: 1000,
    leastIntervalMs: 0,
    look: async ({ signal }) => {
      const waitingFor = "from the log";
      if (signal.aborted) throw new LookAborted(waitingFor);
      let written: Buffer;
      try {
        written = await target.readLog(readBytes);
      } catch (thrown) {
        const reason = thrown instanceof Error ? thrown.message : String(thrown);
        return notYet(`the log could not be read: ${printable(reason)}`);
      }
      // A look that was given up must not count the bytes that the next one reads again.
      if (signal.aborted) throw new LookAborted(waitingFor);
      readBytes += written.length;
      for (const line of lines.read(written)) {
        if (!pattern.test(line) && !pattern.test(line.replace(colours, ""))) continue;
        matches += 1;
        lastMatch = line;
      }
      if (matches >= spec.times) return ready("listening", `logged: ${printable(lastMatch)}`);
      return notYet(
        spec.times === 1 ? "no such line in the log" : `${matches} of ${spec.times} such lines in the log`,
      );
    },
  };
}
