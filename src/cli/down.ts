import { Command } from "commander";
import type { ProgressMode } from "../report/reporter.ts";
import { down } from "../run/end/down.ts";
import { loadTarget } from "./load-target.ts";
import { type TargetOptions, withTarget } from "./options.ts";
import { runCommand } from "./session.ts";

export function downCommand(): Command {
  return withTarget(new Command("down").alias("stop"))
    .description("stop in reverse order, remove all that the run owns, and check that nothing is left")
    .option("--json", "print what was done as JSON")
    .action((options: TargetOptions & { json?: boolean; progress?: ProgressMode }) =>
      runCommand(options, async (session) => {
        const stack = await loadTarget(options);
        const result = await down(stack, {
          ...(options.name === undefined ? {} : { name: options.name }),
          signal: session.signal,
          now: session.now,
          onEvent: (event) => session.reporter.on(event),
        });
        session.reporter.end();
        const name = options.name ?? stack.name;
        if (session.json) session.printJson({ stack: stack.name, name, was: result.was, left: [] });
        else session.print(result.was === "up" ? `${name} is down, nothing is left` : `${name} was not up`);
        return 0;
      }),
    );
}
