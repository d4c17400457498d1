import { z } from "zod";
import { nearest } from "../util/nearest.ts";
import { described, quoted } from "../util/printable.ts";
import type { NewProblem, Path } from "./problem.ts";
import { type RawStack, rawStack } from "./raw.ts";
import { isSecretName } from "./secrets.ts";

export interface Shaped {
  /** What is left when every misshapen part is taken away; undefined: not even that makes sense. */
  readonly raw: RawStack | undefined;
  readonly problems: readonly NewProblem[];
  /** Places that were taken away, or where a misspelt key belongs. */
  readonly pruned: readonly Path[];
}

/** Checks the shape of a definition, and keeps what is sound, so that its other mistakes can be told too. */
export function shape(value: unknown): Shaped {
  const problems: NewProblem[] = [];
  const pruned: Path[] = [];
  let current = structuredCloneOf(value);
  for (const path of hostileKeys(current)) {
    problems.push(hostileKey(path));
    current = without(current, path);
  }
  for (let round = 0; round < 10; round++) {
    const result = rawStack.safeParse(current, { error: allowedKeys });
    if (result.success) return { raw: result.data, problems, pruned };
    const found = result.error.issues.flatMap((issue) => issueProblems(issue, current, []));
    if (round === 0) problems.push(...found.map(({ problem }) => problem));
    const before = current;
    for (const { problem, meant } of found) {
      pruned.push(problem.path);
      if (meant !== undefined) pruned.push(meant);
      current = without(current, has(current, problem.path) ? problem.path : problem.path.slice(0, -1));
    }
    if (current === before || current === undefined) break;
  }
  return { raw: undefined, problems, pruned };
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
        mend: found === undefined ? `add ${lastKey(path)}` : `write ${issue.message}`,
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
    mend: "rename it",
  };
}

/** A schema says what was expected in its own words; for unknown keys those are the keys that are allowed. */
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

/** Plain data only, with no object shared between two places (YAML aliases), so that one can be taken away. */
function structuredCloneOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(structuredCloneOf);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(entries.map(([key, inner]) => [key, structuredCloneOf(inner)]));
}

function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, key) => (has(inner, [key]) ? (inner as never)[key] : undefined), value);
}

function has(value: unknown, path: Path): boolean {
  const [key, ...rest] = path;
  if (key === undefined) return true;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return false;
  return has((value as Record<string | number, unknown>)[key], rest);
}

function without(value: unknown, path: Path): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return undefined;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return value;
  const inner = without((value as Record<string | number, unknown>)[key], rest);
  // A hole would move the others: the item stays as nothing, and the next round takes the whole list.
  if (Array.isArray(value)) return value.map((item, index) => (index === key ? inner : item));
  const entries = Object.entries(value).filter(([name]) => name !== String(key));
  return Object.fromEntries(
    inner === undefined ? entries : Object.entries(value).map(([k, v]) => [k, k === String(key) ? inner : v]),
  );
}
