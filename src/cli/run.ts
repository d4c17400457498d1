import { Command } from "commander";
import { asRollcallError, RollcallError } from "../errors/rollcall-error.ts";
import { environmentOf, valuesOf } from "../run/control/stack-values.ts";
import { up } from "../run/start/up.ts";
import type { Run } from "../run/types.ts";
import { runChild } from "./child.ts";
import { loadTarget, tellNotes } from "./load-target.ts";
import { type StartOptions, withStart } from "./options.ts";
import { runCommand, tellError } from "./session.ts";
import { upOptions } from "./up-options.ts";

interface RunCommandOptions extends StartOptions {
  readonly onExit?: "fail" | "report";
}

export function runCommandCommand(): Command {
  return withStart(new Command("run"))
    .description("bring the stack up (or attach to it), run a command with its exports, take it down again")
    .usage("[options] -- COMMAND [ARGUMENTS...]")
    .argument("<command...>", "the command; its exit code is passed through")
    .option("--on-exit <policy>", "a service that ends meanwhile: fail or report", "fail")
    .passThroughOptions()
    .addHelpText(
      "after",
      `
Examples:
  $ rollcall run -- pytest -q
  $ rollcall run -f stacks/hapi -- sh -c 'curl -fsS $DATA_STORAGE_URL/health'`,
    )
    .action((argv: readonly string[], options: RunCommandOptions) =>
      runCommand(options, async (session) => {
        if (options.onExit !== "fail" && options.onExit !== "report") {
          throw new RollcallError("USAGE", {
            message: `--on-exit: expected fail or report, got ${options.onExit}`,
          });
        }
        const stack = await loadTarget(options);
        tellNotes(stack, session.warn);
        const run = await up(stack, { ...upOptions(options, session), onExit: options.onExit });
        session.reporter.end();
        let exitCode = 0;
        try {
          // Interrupted after the last gate has opened: there was no command yet that could have heard of it.
          session.signal.throwIfAborted();
          exitCode = await runChild(argv, {
            env: { ...process.env, ...environmentOf(await valuesOf(run)) },
            failed: run.failed,
            onFailed,
            now: session.now,
          });
        } finally {
          const exitOfEnd = await takeDown(run);
          exitCode ||= exitOfEnd;
        }
        return exitCode;
      }),
    );
}

/** The command's own exit code says more: that the stack could not be taken down decides where the command was fine. */
async function takeDown(run: Run): Promise<number> {
  try {
    await run.down();
    return 0;
  } catch (error) {
    return tellError(asRollcallError(error), false);
  }
}

/** A service has ended: its error is the run's result, whatever the command says. */
function onFailed(error: RollcallError): number {
  return tellError(error, false);
}
