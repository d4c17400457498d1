import { Command } from "commander";
import { errorTable } from "../errors/table.ts";
import { type Swept, sweep, type Unswept } from "../run/end/sweep.ts";
import { runCommand, type Session } from "./session.ts";

export function sweepCommand(): Command {
  return new Command("sweep")
    .description("remove what runs of dead owners have left on this machine; nothing else is touched")
    .option("--json", "print what was removed as JSON")
    .action((options: { json?: boolean }) =>
      runCommand(options, async (session) => {
        const failed: Unswept[] = [];
        const removed = await sweep({
          engines: true,
          signal: session.signal,
          onFailure: (failure) => failed.push(failure),
        });
        if (session.json) session.printJson(shownAsJson(removed, failed));
        else show(session, removed, failed);
        return failed.length === 0 ? 0 : errorTable.STOP_FAILED.exit;
      }),
    );
}

function shownAsJson(removed: readonly Swept[], failed: readonly Unswept[]) {
  return { removed, failed: failed.map(({ dir, error }) => ({ dir, error: error.report })) };
}

function show(session: Session, removed: readonly Swept[], failed: readonly Unswept[]): void {
  if (removed.length + failed.length === 0) session.print("nothing to sweep");
  for (const run of removed) session.print(`removed ${run.name} (run ${run.run}, ${run.dir})`);
  for (const { dir, error } of failed)
    session.warn(`${dir} could not be swept: ${error.message}\n${error.hint}`);
}
