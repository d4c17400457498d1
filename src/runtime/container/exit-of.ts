import { constants } from "node:os";
import type { Exit } from "../types.ts";
import type { ContainerState } from "./engine-types.ts";

/** Signals that end a process; engines tell them as 128 + number. */
const deadly: readonly NodeJS.Signals[] = [
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGILL",
  "SIGABRT",
  "SIGBUS",
  "SIGFPE",
  "SIGKILL",
  "SIGSEGV",
  "SIGPIPE",
  "SIGALRM",
  "SIGTERM",
];

export function hasEnded({ Status }: Pick<ContainerState, "Status">): boolean {
  return ["exited", "stopped", "dead"].includes(Status);
}

export function exitOf({ ExitCode, OOMKilled }: Pick<ContainerState, "ExitCode" | "OOMKilled">): Exit {
  const signal = deadly.find((name) => constants.signals[name] === ExitCode - 128);
  // A child may have been killed for its memory while the container itself ended well.
  const oomKilled = OOMKilled && ExitCode !== 0;
  return signal === undefined
    ? { exitCode: ExitCode, signal: null, oomKilled }
    : { exitCode: null, signal, oomKilled };
}
