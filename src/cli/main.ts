#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { downCommand } from "./down.ts";
import { envCommand } from "./env.ts";
import { execCommand } from "./exec.ts";
import { importCommand } from "./import.ts";
import { logsCommand } from "./logs.ts";
import { planCommand } from "./plan.ts";
import { runCommandCommand } from "./run.ts";
import { statusCommand } from "./status.ts";
import { sweepCommand } from "./sweep.ts";
import { upCommand } from "./up.ts";
import { verifyCommand } from "./verify.ts";

/** A wrong command line ends with 2; asking for help or the version is no error. */
const usageExit = 2;

function program(): Command {
  const { version, description } = JSON.parse(
    readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
  ) as {
    version: string;
    description: string;
  };
  const root = new Command("rollcall")
    .description(description)
    .version(version)
    .enablePositionalOptions()
    .addHelpText(
      "after",
      "\nExit codes: 0 done, 1 a service failed, 2 wrong definition or command line,\n3 not running, 4 the machine lacks something, 5 taken, 130/143 interrupted.",
    );
  const commands = [
    upCommand(),
    downCommand(),
    runCommandCommand(),
    statusCommand(),
    logsCommand(),
    execCommand(),
    envCommand(),
    planCommand(),
    importCommand(),
    verifyCommand(),
    sweepCommand(),
  ];
  for (const command of commands) root.addCommand(command);
  for (const command of [root, ...commands]) {
    command
      .exitOverride()
      .showSuggestionAfterError()
      .showHelpAfterError(`(rollcall ${command === root ? "" : `${command.name()} `}--help tells more)`);
  }
  return root;
}

try {
  await program().parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : usageExit;
}
