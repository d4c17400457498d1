import { Command, Option } from "commander";
import { planStack } from "../plan/plan.ts";
import { planToJson, printPlan } from "../plan/print.ts";
import { loadTarget, tellNotes } from "./load-target.ts";
import { type StartOptions, withTarget } from "./options.ts";
import { runCommand } from "./session.ts";

export function planCommand(): Command {
  return withTarget(new Command("plan"))
    .description("what `up` would do, in which order, and why; starts nothing")
    .argument("[service...]", "only these services, and what they need")
    .addOption(
      new Option("--order <order>", "one after the other, or each when its own gates are open").choices([
        "sequential",
        "dependency",
      ]),
    )
    .option("--json", "print it as JSON")
    .action((services: readonly string[], options: StartOptions & { json?: boolean }) =>
      runCommand(options, async (session) => {
        const stack = await loadTarget(options, services);
        const plan = planStack(stack, {
          services,
          ...(options.order === undefined ? {} : { order: options.order }),
        });
        tellNotes(stack, session.warn);
        if (session.json) session.printJson(planToJson(plan));
        else session.print(printPlan(plan));
        return 0;
      }),
    );
}
