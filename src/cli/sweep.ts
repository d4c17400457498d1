import { Command } from "commander";
import { sweep } from "../run/sweep.ts";
import { runCommand } from "./session.ts";

export function sweepCommand(): Command {
  return new Command("sweep")
    .description("remove what runs of dead owners have left on this machine; nothing else is touched")
    .option("--json", "print what was removed as JSON")
    .action((options: { json?: boolean }) =>
      runCommand(options, async (session) => {
        const swept = await sweep({ engines: true });
        if (session.json) session.printJson({ removed: swept });
        else if (swept.length === 0) session.print("nothing to sweep");
        else for (const run of swept) session.print(`removed ${run.name} (run ${run.run}, ${run.dir})`);
        return 0;
      }),
    );
}
