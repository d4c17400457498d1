import type { Stack } from "../../stack/types.ts";
import type { Place, Refusal, RunIdentity, Runtime } from "../types.ts";
import { ProcessPlace } from "./place.ts";
import { type ProcessRuntimeOptions, Programs } from "./programs.ts";
import { refusalsOf } from "./refusals.ts";

/** Services as processes of this machine: no engine, no images. */
export function createProcessRuntime(options: ProcessRuntimeOptions = {}): Runtime {
  const programs = new Programs(options);
  return {
    kind: "process",
    get description() {
      return programs.found === ""
        ? "processes of this machine"
        : `processes of this machine (${programs.found})`;
    },
    addressing: "outside",
    refusals: (stack: Stack): Promise<readonly Refusal[]> => Promise.resolve(stack.units.flatMap(refusalsOf)),
    open: (run: RunIdentity): Place => new ProcessPlace(run, programs),
    // The marks of processes name their run only.
    marked: () => Promise.resolve([]),
    close: () => Promise.resolve(),
  };
}

export type { ProcessRuntimeOptions };
