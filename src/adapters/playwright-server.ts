import { RollcallError } from "../errors/rollcall-error.ts";
import { definitionOf } from "../stack/define.ts";
import type { RawStack } from "../stack/raw.ts";
import { unnamable, writeReadySign } from "./playwright-sign.ts";
import { resolveSource } from "./stack-source.ts";
import { StartError } from "./start-error.ts";
import { type Started, type StartOptions, startForTests } from "./start-for-tests.ts";

interface Order {
  readonly raw: RawStack;
  readonly file?: string;
  readonly start: StartOptions;
}

/** Holds a stack up for Playwright, from whose web servers it is the first, until it is told to end. */
async function main({ raw, file, start }: Order): Promise<void> {
  const interrupted = new AbortController();
  let started: Started | undefined;
  const end = () => {
    interrupted.abort(new RollcallError("TERMINATED"));
    process.stdin.destroy();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);
  // Playwright holds the other end: when it is killed, this is all that is heard of it.
  process.stdin.resume().on("close", end);
  try {
    const stack = await resolveSource(file ?? definitionOf(raw), process.cwd());
    if (stack.name !== raw.name) throw otherStack(raw.name, stack.name);
    started = await startForTests({ ...start, stack, signal: interrupted.signal }, { cwd: process.cwd() });
    tellUnnamable(unnamable(started.values));
    process.stdout.write(writeReadySign(started.values));
    await new Promise<void>((resolve) => {
      if (interrupted.signal.aborted) resolve();
      else interrupted.signal.addEventListener("abort", () => resolve(), { once: true });
    });
  } finally {
    await started?.down();
  }
}

function tellUnnamable(names: readonly string[]): void {
  if (names.length === 0) return;
  process.stderr.write(
    `rollcall: not in Playwright's environment, whose names are in upper case: ${names.join(", ")}. Tests find them in stack.env.\n`,
  );
}

function otherStack(name: string, found: string): RollcallError {
  return new RollcallError("USAGE", {
    message: `withStack(config, { stack }): the stack ${name} was expected, but the file that is named holds ${found}.`,
    hint: "Correct the file: withStack(config, { stack, file }).",
  });
}

try {
  await main(JSON.parse(process.env["ROLLCALL_PLAYWRIGHT"] ?? "") as Order);
  process.exitCode = 0;
} catch (error) {
  const told = error instanceof StartError ? error : new StartError(error);
  process.stderr.write(`${told.message}\n`);
  process.exitCode = 1;
}
process.stdin.destroy();
