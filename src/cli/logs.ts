import { existsSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import { RollcallError } from "../errors/rollcall-error.ts";
import { lookAtLogs } from "../run/look/logs.ts";
import { nearest } from "../util/nearest.ts";
import { loadTarget } from "./load-target.ts";
import { type TargetOptions, withTarget } from "./options.ts";
import { runCommand } from "./session.ts";
import { notRunning } from "./status.ts";

interface LogsOptions extends TargetOptions {
  readonly follow?: boolean;
  readonly tail?: number;
}

export function logsCommand(): Command {
  const short: (string | null)[] = [];
  return withTarget(new Command("logs"), "--file <path>")
    .description("what the services wrote, also of the last run that has ended")
    .argument("[service...]", "only of these")
    .option("-f [path]", "like --follow; with a path that exists, like --file")
    .on("option:f", (value: string | null) => short.push(value))
    .option("--follow", "go on as they write, until the run ends")
    .addOption(new Option("--tail <lines>", "only the last lines of each").argParser(readCount))
    .action((given: readonly string[], longOptions: LogsOptions) =>
      runCommand({}, async (session) => {
        const { services, ...options } = readShort(short, given, longOptions);
        const stack = await loadTarget(options);
        const names = stack.units.map((unit) => unit.name);
        for (const service of services) if (!names.includes(service)) throw unknownService(service, names);
        const shown = services.length === 0 ? names : services;
        const width = Math.max(...shown.map((name) => name.length));
        const found = await lookAtLogs(stack, {
          ...(options.name === undefined ? {} : { name: options.name }),
          services: shown,
          follow: options.follow === true,
          ...(options.tail === undefined ? {} : { tail: options.tail }),
          signal: session.signal,
          onLine: (service, line) =>
            session.print(shown.length === 1 ? line : `${service.padEnd(width)} | ${line}`),
        });
        if (!found) throw notRunning(options.name ?? stack.name, options);
        return 0;
      }),
    );
}

/** `-f` follows here, and names a file everywhere else: what follows it tells which of the two is meant. */
function readShort(
  short: readonly (string | null)[],
  given: readonly string[],
  options: LogsOptions,
): LogsOptions & { services: readonly string[] } {
  const isFile = (value: string | null) => value !== null && existsSync(value);
  const files = [
    ...(options.file ?? []),
    ...short.filter((value) => value !== null && isFile(value)),
  ] as string[];
  const names = short.filter((value) => value !== null && !isFile(value)) as string[];
  const follow = options.follow === true || short.some((value) => !isFile(value));
  return {
    ...options,
    follow,
    services: [...names, ...given],
    ...(files.length === 0 ? {} : { file: files }),
  };
}

function readCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("expected a number of lines");
  return Number(text);
}

export function unknownService(service: string, names: readonly string[]): RollcallError {
  const near = nearest(service, names);
  return new RollcallError("USAGE", {
    message: `there is no service "${service}" in this stack`,
    hint: near === undefined ? `It has: ${names.join(", ")}` : `Did you mean ${near}?`,
  });
}
