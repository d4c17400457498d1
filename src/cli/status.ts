import { Command } from "commander";
import { RollcallError } from "../errors/rollcall-error.ts";
import { formatDuration } from "../report/format.ts";
import { statusOf } from "../run/look/status.ts";
import type { Status } from "../run/types.ts";
import { hidePassword, targetArguments } from "./endpoints.ts";
import { loadTarget } from "./load-target.ts";
import { type TargetOptions, withTarget } from "./options.ts";
import { runCommand } from "./session.ts";

export function statusCommand(): Command {
  return withTarget(new Command("status"))
    .description("what runs, where, and since when; exit code 3 when the stack is not running")
    .option("--json", "print it as JSON")
    .action((options: TargetOptions & { json?: boolean }) =>
      runCommand(options, async (session) => {
        const stack = await loadTarget(options);
        const status = await statusOf(stack, options.name === undefined ? {} : { name: options.name });
        if (status === undefined) throw notRunning(options.name ?? stack.name, options);
        if (session.json) session.printJson(status);
        else session.print(describeStatus(status));
        return status.state === "failed" ? 1 : 0;
      }),
    );
}

export function notRunning(name: string, options: TargetOptions): RollcallError {
  return new RollcallError("NOT_RUNNING", {
    message: `${name} is not running`,
    hint: `Start it with: rollcall up${targetArguments(options)}`,
  });
}

function describeStatus(status: Status): string {
  const width = Math.max(4, ...status.services.map((service) => service.name.length));
  const took = status.readyMs === null ? "" : `, ready in ${formatDuration(status.readyMs)}`;
  const lines = [`${status.name}: ${status.state} (${status.runtime}${took}, run ${status.run})`, ""];
  for (const service of status.services) {
    const urls = Object.values(service.ports).map((port) => hidePassword(port.url));
    lines.push(`  ${service.name.padEnd(width)}  ${service.state.padEnd(9)}  ${urls[0] ?? ""}`.trimEnd());
    for (const url of urls.slice(1)) lines.push(`  ${" ".repeat(width)}  ${" ".repeat(9)}  ${url}`);
  }
  return lines.join("\n");
}
