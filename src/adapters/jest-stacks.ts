import { RollcallError } from "../errors/rollcall-error.ts";
import { findStackFile } from "../load/find.ts";
import { onlyValues, readValues, type StackValues } from "../run/control/stack-values.ts";
import { type JestProject, optionsOf } from "./jest-options.ts";

const variable = "ROLLCALL_JEST_STACKS";

/** Names of stacks by the files that set-ups have found by their project's options. */
type Noted = Readonly<Record<string, string>>;

/** Tells environments which stack a project's options mean; returns what takes it back. */
export function noteStack(project: JestProject, stack: string, env: NodeJS.ProcessEnv): () => void {
  const before = env[variable];
  const file = fileOf(project);
  if (file !== undefined) env[variable] = JSON.stringify({ ...notedIn(env), [file]: stack });
  return () => {
    if (before === undefined) delete env[variable];
    else env[variable] = before;
  };
}

/** Throws USAGE for a project that means a stack which no set-up has brought up, while others are. */
export function refuseOther(project: JestProject, env: NodeJS.ProcessEnv): void {
  const noted = notedIn(env);
  const file = fileOf(project);
  const files = Object.keys(noted);
  if (file === undefined || files.length === 0 || file in noted) return;
  throw new RollcallError("USAGE", {
    message: `This project means the stack in ${file}, but jest has brought up the one in ${files.join(", ")}: it calls a globalSetup that several projects share once, with the first one's options.`,
    hint: 'Give each project a globalSetup file of its own, with export { default } from "rollcall/jest/setup".',
  });
}

/** Of the stack that a project means. Throws NOT_RUNNING, or USAGE where there are several others. */
export function valuesFor(project: JestProject, env: NodeJS.ProcessEnv): StackValues {
  const stack = notedIn(env)[fileOf(project) ?? ""];
  return (stack === undefined ? undefined : readValues(stack, env)) ?? onlyValues(env);
}

function notedIn(env: NodeJS.ProcessEnv): Noted {
  return JSON.parse(env[variable] ?? "{}") as Noted;
}

function fileOf(project: JestProject): string | undefined {
  try {
    return findStackFile(optionsOf(project).stack, project.rootDir).file;
  } catch {
    // The set-up names it otherwise, or could not start.
    return undefined;
  }
}
