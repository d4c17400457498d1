import { RollcallError } from "../errors/rollcall-error.ts";
import { quoted } from "../util/quoted.ts";
import { escaped } from "../util/visible.ts";

export type Path = readonly (string | number)[];

/** One mistake in a definition. */
export interface Problem {
  readonly path: Path;
  /** Line of the file, from 1, where the format has lines. */
  readonly line: number | undefined;
  /** What is wrong, as a sentence without its full stop. */
  readonly text: string;
  readonly expected: string;
  readonly found: string;
  /** How to mend it. */
  readonly mend: string;
}

export type NewProblem = Omit<Problem, "line">;

/** Collects the mistakes of one definition; nothing stops at the first. */
export interface Problems {
  add(problem: NewProblem): void;
  /** Whether a mistake at this place, or inside it, is known already: what follows from it is not told again. */
  touches(path: Path): boolean;
}

/** "services.datastorage.env.DB_HOST", "services.a.after[1]". */
export function pathText(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    const word = /^[\w$-]+$/.test(key) ? key : quoted(key);
    return text === "" ? word : `${text}.${word}`;
  }, "");
}

/** DEFINITION_INVALID with every mistake; `cause` holds them as data. */
export function definitionError(problems: readonly Problem[], file: string | undefined): RollcallError {
  const count = problems.length === 1 ? "1 mistake" : `${problems.length} mistakes`;
  const where = file === undefined ? "the definition of the stack" : escaped(file);
  const details = problems.map((problem) => problemText(problem, file)).join("\n\n");
  return new RollcallError("DEFINITION_INVALID", {
    message: `${count} in ${where}\n\n${details}`,
    cause: problems,
  });
}

/** The mistakes that an error of `loadStack` or `validateStack` carries; none for other errors. */
export function problemsOf(error: unknown): readonly Problem[] {
  if (!(error instanceof RollcallError) || error.code !== "DEFINITION_INVALID") return [];
  return Array.isArray(error.cause) ? (error.cause as Problem[]) : [];
}

function problemText(problem: Problem, file: string | undefined): string {
  const place = [
    problem.line === undefined ? undefined : `${baseName(file)}:${problem.line}`,
    pathText(problem.path) || undefined,
  ];
  const lines = [
    place.filter((part) => part !== undefined).join("  ") || "the whole definition",
    `  ${problem.text}`,
    `  expected: ${problem.expected}`,
    `  found:    ${problem.found}`,
    `  mend:     ${problem.mend}`,
  ];
  // A line break in a name must not look like the next line of the message.
  return lines.map(escaped).join("\n");
}

function baseName(file: string | undefined): string {
  return file?.split(/[\\/]/).at(-1) ?? "line";
}
