import { z } from "zod";
import { nearest } from "../util/nearest.ts";
import { described, quoted } from "../util/quoted.ts";
import type { NewProblem, Path } from "./problem.ts";
import { at, Pruning, plainCopy, without } from "./prune.ts";
import { type RawStack, rawStack } from "./raw.ts";
import { labelError } from "./raw-parts.ts";
import { isSecretName } from "./secrets.ts";

export interface Shaped {
  /** What is left when every misshapen part is taken away; undefined: not even that makes sense. */
  readonly raw: RawStack | undefined;
  readonly problems: readonly NewProblem[];
  /** Places that were taken away, or where a misspelt key belongs. */
  readonly pruned: readonly Path[];
  /** A place of `raw` as it was before items of lists were taken away. */
  readonly original: (path: Path) => Path;
}

/** Checks the shape of a definition, and keeps what is sound, so that its other mistakes can be told too. */
export function shape(value: unknown): Shaped {
  const whole = plainCopy(value);
  const problems: NewProblem[] = hostileKeys(whole).map(hostileKey);
  const pruned: Path[] = problems.map(({ path }) => path);
  const pruning = new Pruning(pruned.reduce<unknown>(without, whole));
  for (let round = 0; round < 20; round++) {
    const result = rawStack.safeParse(pruning.value, { error: allowedKeys });
    if (result.success) return { raw: result.data, problems, pruned, original: pruning.original };
    const found = result.error.issues.flatMap((issue) => issueProblems(issue, pruning.value, []));
    if (round === 0) problems.push(...found.map(({ problem }) => problem));
    const meant = found.flatMap((one) => (one.meant === undefined ? [] : [one.meant]));
    pruned.push(...[...found.map(({ problem }) => problem.path), ...meant].map(pruning.original));
    if (!pruning.remove(found.map(({ problem }) => problem.path))) break;
  }
  return { raw: undefined, problems, pruned, original: pruning.original };
}

interface Found {
  readonly problem: NewProblem;
  /** Where a misspelt key was meant to be. */
  readonly meant?: Path | undefined;
}

function issueProblems(issue: z.core.$ZodIssue, input: unknown, parent: Path): Found[] {
  const path = [...parent, ...issue.path.map((key) => (typeof key === "symbol" ? String(key) : key))];
  if (issue.code === "invalid_union") {
    const branch = issue.errors.find((issues) => issues.length > 0 && issues.every(isInside(issue.errors)));
    if (branch !== undefined) return branch.flatMap((inner) => issueProblems(inner, input, path));
  }
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => unknownKey(path, key, issue.message.split(", ")));
  }
  if (issue.code === "invalid_key") return [{ problem: badKey(path, issue) }];
  const found = at(input, path);
  const secret = path.some((key) => typeof key === "string" && isSecretName(key));
  return [
    {
      problem: {
        path,
        text:
          found === undefined ? `${lastKey(path)} is missing` : `${lastKey(path)} is not what belongs here`,
        expected: issue.message,
        found: secret && typeof found === "string" ? "a text (not shown)" : described(found),
        mend: found === undefined ? `add ${lastKey(path)}` : mendOf(issue, found),
      },
    },
  ];
}

/** The branch of a union that was meant: the one whose complaints lie deeper than "this is another kind of thing". */
function isInside(branches: readonly (readonly z.core.$ZodIssue[])[]) {
  return (issue: z.core.$ZodIssue): boolean => {
    if (issue.path.length > 0 || issue.code === "unrecognized_keys") return true;
    return branches.length > 1 && issue.code === "too_small";
  };
}

function mendOf(issue: z.core.$ZodIssue, found: unknown): string {
  if (issue.message === labelError && typeof found === "string") {
    const name = found
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "")
      .slice(0, 63);
    if (/[a-z]/.test(name)) return `write ${quoted(name)}`;
  }
  if (issue.code !== "invalid_value" || typeof found !== "string") return "correct the value";
  const near = nearest(
    found,
    issue.values.filter((value) => typeof value === "string"),
  );
  return near === undefined ? "correct the value" : `write "${near}"`;
}

function unknownKey(path: Path, key: string, allowed: readonly string[]): Found {
  const near = nearest(key, allowed);
  return {
    problem: {
      path: [...path, key],
      text: `unknown key ${quoted(key)}`,
      expected: `one of ${allowed.join(", ")}`,
      found: quoted(key),
      mend: near === undefined ? "remove it" : `write "${near}"`,
    },
    meant: near === undefined ? undefined : [...path, near],
  };
}

function badKey(path: Path, issue: z.core.$ZodIssueInvalidKey): NewProblem {
  const expected = issue.issues[0]?.message ?? "another name";
  return {
    path,
    text: `${quoted(String(path.at(-1)))} cannot be a name here`,
    expected,
    found: quoted(String(path.at(-1))),
    mend: mendOf({ ...issue, message: expected }, path.at(-1)),
  };
}

/** A schema says what was expected in its own words; for unknown keys those are the keys that are known. */
function allowedKeys(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== "unrecognized_keys") return undefined;
  return issue.inst instanceof z.ZodObject ? Object.keys(issue.inst.shape).join(", ") : undefined;
}

function lastKey(path: Path): string {
  const names = path.filter((key) => typeof key === "string");
  return names.length === 0 ? "the definition" : quoted(names.at(-1) ?? "");
}

const hostile = new Set(["__proto__"]);

function hostileKeys(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const here = [...path, Array.isArray(value) ? Number(key) : key];
    return hostile.has(key) ? [here] : hostileKeys(inner, here);
  });
}

function hostileKey(path: Path): NewProblem {
  const key = quoted(String(path.at(-1)));
  return {
    path,
    text: `${key} cannot be a name here`,
    expected: "another name",
    found: key,
    mend: "rename it",
  };
}
