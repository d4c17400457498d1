import { Command } from "commander";
import { execIn } from "../run/look/exec.ts";
import { loadTarget } from "./load-target.ts";
import { unknownService } from "./logs.ts";
import { type TargetOptions, withTarget } from "./options.ts";
import { runCommand } from "./session.ts";
import { notRunning } from "./status.ts";

export function execCommand(): Command {
  return withTarget(new Command("exec"))
    .description("run a command where a service runs; its exit code is passed through")
    .usage("[options] SERVICE -- COMMAND [ARGUMENTS...]")
    .argument("<service>", "the service")
    .argument("<command...>", "the command")
    .passThroughOptions()
    .addHelpText("after", "\nExample:\n  $ rollcall exec redis -- redis-cli ping")
    .action((service: string, words: readonly string[], options: TargetOptions) =>
      runCommand({}, async (session) => {
        // What follows the service is passed through, its separator too.
        const argv = words[0] === "--" ? words.slice(1) : words;
        const stack = await loadTarget(options);
        const names = stack.units.map((unit) => unit.name);
        if (!names.includes(service)) throw unknownService(service, names);
        const exitCode = await execIn(stack, service, argv, {
          ...(options.name === undefined ? {} : { name: options.name }),
          signal: session.signal,
        });
        if (exitCode === undefined) throw notRunning(options.name ?? stack.name, options);
        return exitCode;
      }),
    );
}
