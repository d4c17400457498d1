import { Command } from "commander";
import { up } from "../run/start/up.ts";
import type { Run, Status } from "../run/types.ts";
import { endpoints, targetArguments } from "./endpoints.ts";
import { loadTarget, tellNotes } from "./load-target.ts";
import { type StartOptions, withStart } from "./options.ts";
import { runCommand } from "./session.ts";
import { upOptions } from "./up-options.ts";

export function upCommand(): Command {
  return withStart(new Command("up").alias("start"))
    .description("bring the stack up and return when every gate is open; it stays up")
    .argument("[service...]", "only these services, and what they need")
    .option("--json", "print the status as JSON")
    .addHelpText(
      "after",
      `
Examples:
  $ rollcall up                         the stack of this folder
  $ rollcall up -f stacks/hapi redis    only redis
  $ rollcall up --ports free --name b   a second one beside the first`,
    )
    .action((services: readonly string[], options: StartOptions & { json?: boolean }) =>
      runCommand(options, async (session) => {
        const stack = await loadTarget(options, services);
        tellNotes(stack, session.warn);
        const run = await up(stack, { ...upOptions(options, session), services, stay: true });
        const status = await run.status();
        session.reporter.end();
        await detach(run);
        if (session.json) session.printJson(status);
        else session.print(summary(run, status, options));
        return 0;
      }),
    );
}

/** The run is to stay: letting go of it ends nothing. */
async function detach(run: Run): Promise<void> {
  await run.down();
}

function summary(run: Run, status: Status, options: StartOptions): string {
  const target = targetArguments(options);
  const lead = run.attached
    ? `${status.name} was up already; every gate proven again`
    : `${status.name} is up`;
  return [
    lead,
    "",
    ...endpoints(status),
    "",
    `  stop    rollcall down${target}`,
    `  look    rollcall status${target}, rollcall logs${target}`,
    `  use     eval "$(rollcall env${target})"`,
  ].join("\n");
}
