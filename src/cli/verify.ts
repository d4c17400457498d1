import { Command } from "commander";
import type { Violation } from "../journal/verify.ts";
import { type Verified, verifyRun } from "../run/look/verify-run.ts";
import { visible } from "../util/visible.ts";
import { loadTarget } from "./load-target.ts";
import { type TargetOptions, withTarget } from "./options.ts";
import { runCommand } from "./session.ts";
import { notRunning } from "./status.ts";

export function verifyCommand(): Command {
  return withTarget(new Command("verify"))
    .description("prove from a run's journal that every promise was kept, also of one that is over")
    .argument("[run]", "id of a run; default: the newest one of the stack")
    .option("--json", "print it as JSON")
    .addHelpText("after", "\nExit codes: 0 every promise was kept, 1 the journal shows one that was not.")
    .action((run: string | undefined, options: TargetOptions & { json?: boolean }) =>
      runCommand(options, async (session) => {
        const stack = await loadTarget(options);
        const name = options.name ?? stack.name;
        const verified = await verifyRun(stack, { name, ...(run === undefined ? {} : { run }) });
        if (verified === undefined) throw notRunning(name, options);
        if (session.json) session.printJson(verified);
        else session.print(resultText(verified));
        return verified.violations.length === 0 ? 0 : 1;
      }),
    );
}

function resultText({ name, run, services, gates, events, violations }: Verified): string {
  if (violations.length > 0) return violations.map(violationLine).join("\n");
  const seen = [count(services, "service"), count(gates, "gate"), count(events, "event")];
  return `${name}, run ${run}: every promise was kept (${seen.join(", ")})`;
}

function violationLine({ rule, seq, service, text }: Violation): string {
  return visible(`event ${seq}${service === null ? "" : `, ${service}`}: ${text} (${rule})`);
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
