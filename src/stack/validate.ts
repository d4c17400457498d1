import { resolve } from "node:path";
import { parseDuration } from "../util/duration.ts";
import { type Context, readTemplate } from "./context.ts";
import { checkCycles } from "./cycles.ts";
import { isDefinition, type StackDefinition } from "./define.ts";
import { buildDependencies, checkReferences, type Known } from "./dependencies.ts";
import { checkHostPorts } from "./host-ports.ts";
import { definitionError, type NewProblem, type Path, type Problem, type Problems } from "./problem.ts";
import { comparePaths, positions } from "./prune.ts";
import type { RawStack } from "./raw.ts";
import { type Shaped, shape } from "./shape.ts";
import type { Stack, Template, Unit } from "./types.ts";
import { buildUnit } from "./unit.ts";

export interface ValidateOptions {
  /** Where relative paths start. */
  readonly dir: string;
  /** The file it was read from, for messages. */
  readonly file?: string | undefined;
  /** Line of a place in the file, from 1. */
  readonly lineOf?: ((path: Path) => number | undefined) | undefined;
}

/**
 * Checks a definition (of `defineStack`, or plain data in the shape of a YAML file) and completes it.
 *
 * @throws RollcallError DEFINITION_INVALID with every mistake
 */
export function validateStack(definition: unknown, options: ValidateOptions): Stack {
  const value = isDefinition(definition) ? definition.raw : definition;
  const shaped = shape(value);
  const { raw } = shaped;
  const problems = collector(shaped);
  const stack = raw === undefined ? undefined : buildStack(raw, namesOf(value), problems, options);
  if (stack === undefined || problems.all.length > 0) {
    const lineOf = options.lineOf ?? (() => undefined);
    const placed = problems.all.map((problem): Problem => ({ ...problem, line: lineOf(problem.path) }));
    const place = new Map(placed.map((problem) => [problem, positions(value, problem.path)]));
    placed.sort((a, b) => comparePaths(place.get(a) ?? [], place.get(b) ?? []));
    throw definitionError(placed, options.file);
  }
  return stack;
}

/** A stack as `up` takes it: validated already, or a definition of this program. */
export function toStack(stack: Stack | StackDefinition, { cwd }: { readonly cwd: string }): Stack {
  return isDefinition(stack) ? validateStack(stack, { dir: cwd }) : stack;
}

function buildStack(
  raw: RawStack,
  names: ReadonlySet<string>,
  problems: Problems,
  options: ValidateOptions,
): Stack {
  const dir = resolve(options.dir, raw.dir ?? ".");
  const contexts = Object.keys(raw.services).map(
    (unit): Context => ({ unit, dir, path: ["services", unit], problems, references: [] }),
  );
  const bare = contexts.map((context) => buildUnit(context, raw.services[context.unit ?? ""] ?? {}));
  checkNames(bare, problems);
  const known: Known = { names, units: new Map(bare.map((unit) => [unit.name, unit])) };
  const units = bare.map((unit, index): Unit => {
    const context = contexts[index];
    if (context === undefined) return unit;
    return { ...unit, after: buildDependencies(context, raw.services[unit.name] ?? {}, known) };
  });
  checkCycles(units, problems);
  checkHostPorts(units, problems, (unit, port) => portPath(raw, unit, port));
  return {
    name: raw.name,
    dir,
    file: options.file,
    order: raw.order ?? "sequential",
    timeoutMs: parseDuration(String(raw.timeout ?? "2m")) ?? 0,
    units,
    exports: buildExports(raw, dir, problems, known),
    notes: [],
  };
}

function buildExports(
  raw: RawStack,
  dir: string,
  problems: Problems,
  known: Known,
): Readonly<Record<string, Template>> {
  const context: Context = { unit: undefined, dir, path: ["exports"], problems, references: [] };
  const entries = Object.entries(raw.exports ?? {}).map(([name, text]): [string, Template] => [
    name,
    readTemplate(context, ["exports", name], String(text), `export ${name}`),
  ]);
  checkReferences(context, known);
  return Object.fromEntries(entries);
}

function checkNames(units: readonly Unit[], problems: Problems): void {
  if (units.some(({ name }) => name === "self")) {
    problems.add({
      path: ["services", "self"],
      text: '"self" cannot be the name of a service: in references it stands for the unit itself',
      expected: "another name",
      found: '"self"',
      mend: "rename it",
    });
  }
  if (units.length > 0 || problems.touches(["services"])) return;
  problems.add({
    path: ["services"],
    text: "the stack has no services",
    expected: "at least one",
    found: "an empty mapping",
    mend: "add one",
  });
}

/** The short `port` of a recipe is where its first port's host side is written. */
function portPath(raw: RawStack, unit: string, port: string): Path {
  const written = raw.services[unit];
  const inPorts = written?.ports !== undefined && Object.hasOwn(written.ports, port);
  return inPorts || written?.port === undefined
    ? ["services", unit, "ports", port]
    : ["services", unit, "port"];
}

/** Names as written, also of units whose shape is wrong: a reference to one of them is not a second mistake. */
function namesOf(value: unknown): ReadonlySet<string> {
  if (typeof value !== "object" || value === null || !("services" in value)) return new Set();
  const { services } = value;
  return new Set(typeof services === "object" && services !== null ? Object.keys(services) : []);
}

function collector({
  problems,
  pruned,
  original,
}: Shaped): Problems & { readonly all: readonly NewProblem[] } {
  const later: NewProblem[] = [];
  return {
    get all() {
      return [...problems, ...later];
    },
    add(problem) {
      const path = original(problem.path);
      if (pruned.some((place) => isPrefix(place, path))) return;
      later.push({ ...problem, path });
    },
    touches(path) {
      const here = original(path);
      const places = [...pruned, ...later.map((problem) => problem.path)];
      return places.some((place) => isPrefix(place, here) || isPrefix(here, place));
    },
  };
}

function isPrefix(start: Path, path: Path): boolean {
  return start.length <= path.length && start.every((key, index) => key === path[index]);
}
