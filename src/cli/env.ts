import { appendFileSync } from "node:fs";
import { Command, Option } from "commander";
import { RollcallError } from "../errors/rollcall-error.ts";
import { stackSecrets } from "../journal/mask-event.ts";
import { escapeData } from "../report/github.ts";
import { statusOf } from "../run/look/status.ts";
import { secretsIn } from "../stack/secrets.ts";
import type { Stack } from "../stack/types.ts";
import { randomLetters } from "../util/random-letters.ts";
import { dotenvText, type Env, githubText, shellText } from "./env-text.ts";
import { loadTarget } from "./load-target.ts";
import { type TargetOptions, withTarget } from "./options.ts";
import { runCommand, type Session } from "./session.ts";
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
        write(options.format, await exportsOf(stack, options), stack, session);
        return 0;
      }),
    );
}

/** What it exports is known once it is ready. */
async function exportsOf(stack: Stack, options: TargetOptions): Promise<Env> {
  const name = options.name ?? stack.name;
  const status = await statusOf(stack, { name });
  if (status === undefined || status.state === "stopped") throw notRunning(name, options);
  if (status.readyMs !== null) return status.env;
  throw new RollcallError("NOT_RUNNING", {
    message: `${name} is not ready: it is ${status.state}, and exports nothing yet`,
    hint: "Wait until `rollcall up` has returned.",
  });
}

function write(format: Format, env: Env, stack: Stack, session: Session): void {
  if (format === "json") session.printJson(env);
  else if (format === "github") writeGithub(env, stack, session);
  else printLines(format === "shell" ? shellText(env) : dotenvText(env), session);
}

function printLines(text: string, { print }: Session): void {
  if (text !== "") print(text);
}

function writeGithub(env: Env, stack: Stack, session: Session): void {
  if (process.env["GITHUB_ACTIONS"] === "true") maskInGithub(new Set(stackSecrets(stack, secretsIn(env))));
  const text = githubText(env, `rollcall-${randomLetters(24)}`);
  const file = process.env["GITHUB_ENV"];
  if (file === undefined || file === "") printLines(text, session);
  else if (text !== "") append(file, text);
}

function append(file: string, text: string): void {
  try {
    appendFileSync(file, `${text}\n`);
  } catch (cause) {
    throw new RollcallError("USAGE", { message: `GITHUB_ENV names ${file}, which cannot be written`, cause });
  }
}

/**
 * Its log shows the variables of every later step. The runner reads commands on both streams, and stdout may have been
 * redirected to its file.
 */
function maskInGithub(secrets: ReadonlySet<string>): void {
  for (const secret of secrets) process.stderr.write(`::add-mask::${escapeData(secret)}\n`);
}
