import { appendFileSync } from "node:fs";
import { Command, Option } from "commander";
import { RollcallError } from "../errors/rollcall-error.ts";
import { statusOf } from "../run/status.ts";
import { loadTarget } from "./load-target.ts";
import { type TargetOptions, withTarget } from "./options.ts";
import { runCommand } from "./session.ts";
import { notRunning } from "./status.ts";

const formats = ["shell", "dotenv", "json", "github"] as const;
type Format = (typeof formats)[number];

export function envCommand(): Command {
  return withTarget(new Command("env"))
    .description("print what the running stack exports")
    .addOption(new Option("--format <format>", "for whom").choices([...formats]).default("shell"))
    .addHelpText(
      "after",
      `
Examples:
  $ eval "$(rollcall env)"
  $ rollcall env --format dotenv > .env.test
  $ rollcall env --format github        appends to $GITHUB_ENV`,
    )
    .action((options: TargetOptions & { format: Format }) =>
      runCommand({}, async (session) => {
        const stack = await loadTarget(options);
        const status = await statusOf(stack, options.name === undefined ? {} : { name: options.name });
        if (status === undefined || status.state === "stopped")
          throw notRunning(options.name ?? stack.name, options);
        if (options.format === "json") session.printJson(status.env);
        else if (options.format === "github") writeGithubEnv(status.env, session.print);
        else
          for (const [key, value] of Object.entries(status.env))
            session.print(line(options.format, key, value));
        return 0;
      }),
    );
}

function line(format: Format, key: string, value: string): string {
  return format === "shell"
    ? `export ${key}='${value.replace(/'/g, "'\\''")}'`
    : `${key}=${dotenvValue(value)}`;
}

/** Plain where every reader agrees on it, double quotes elsewhere. */
function dotenvValue(value: string): string {
  if (/^[\w./:@%+,=?&-]*$/.test(value)) return value;
  return `"${value.replace(/[\\"$`]/g, "\\$&").replace(/\n/g, "\\n")}"`;
}

function writeGithubEnv(env: Readonly<Record<string, string>>, print: (text: string) => void): void {
  const delimiter = "ROLLCALL_END_OF_VALUE";
  const text = Object.entries(env)
    .map(([key, value]) =>
      value.includes("\n") ? `${key}<<${delimiter}\n${value}\n${delimiter}` : `${key}=${value}`,
    )
    .join("\n");
  const file = process.env["GITHUB_ENV"];
  if (file === undefined || file === "") {
    print(text);
    return;
  }
  try {
    appendFileSync(file, `${text}\n`);
  } catch (cause) {
    throw new RollcallError("USAGE", { message: `GITHUB_ENV names ${file}, which cannot be written`, cause });
  }
}
