import { type Command, InvalidArgumentError, Option } from "commander";
import { type ProgressMode, progressModes } from "../report/reporter.ts";
import type { RuntimeKind } from "../runtime/types.ts";
import type { Order } from "../stack/types.ts";
import { parseDuration } from "../util/duration.ts";

/** Which stack, and which run of it. */
export interface TargetOptions {
  readonly file?: readonly string[];
  readonly profile?: readonly string[];
  readonly name?: string;
}

/** How a stack is brought up. */
export interface StartOptions extends TargetOptions {
  readonly runtime?: RuntimeKind | "auto";
  readonly order?: Order;
  readonly ports?: "fixed" | "free";
  readonly timeout?: number;
  readonly keepOnFailure?: boolean;
  readonly progress?: ProgressMode;
}

/** Adds the options that say which stack is meant. */
export function withTarget(command: Command, flags = "-f, --file <path>"): Command {
  return command
    .addOption(
      new Option(
        flags,
        "stack file, compose file (again for more), or folder; default: look upwards",
      ).argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value]),
    )
    .addOption(
      new Option("--profile <name>", "compose files: a profile that takes part (again for more)").argParser(
        (value: string, before: readonly string[] | undefined) => [...(before ?? []), value],
      ),
    )
    .option("--name <name>", "name of the run, for several runs of one stack");
}

/** Adds the options that say how a stack is brought up. */
export function withStart(command: Command): Command {
  return withTarget(command)
    .addOption(
      new Option("--runtime <where>", "where services run")
        .choices(["auto", "process", "podman", "docker"])
        .env("ROLLCALL_RUNTIME"),
    )
    .addOption(
      new Option("--order <order>", "one after the other, or each when its own gates are open").choices([
        "sequential",
        "dependency",
      ]),
    )
    .addOption(
      new Option("--ports <ports>", "as the definition says, or any free ones").choices(["fixed", "free"]),
    )
    .addOption(
      new Option("--timeout <time>", "deadline for the whole start, like 90s or 2m").argParser(readDuration),
    )
    .option("--keep-on-failure", "leave a failed stack up for a look")
    .addOption(new Option("--progress <how>", "how to tell what happens").choices([...progressModes]));
}

function readDuration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms <= 0) throw new InvalidArgumentError("expected a time like 500ms, 90s or 2m");
  return ms;
}
