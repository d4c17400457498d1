import { nearest } from "../util/nearest.ts";
import { quoted } from "../util/quoted.ts";
import type { Context, FoundReference } from "./context.ts";
import type { Path } from "./problem.ts";
import type { RawUnit } from "./raw.ts";
import { referenceText } from "./template.ts";
import type { Dependency, Unit } from "./types.ts";

/** All that a name in a definition may stand for. */
export interface Known {
  /** Every name that was written, also of units that are too broken to be built. */
  readonly names: ReadonlySet<string>;
  readonly units: ReadonlyMap<string, Unit>;
}

/** `after` first, then one dependency for each service that is referred to, with its first cause. */
export function buildDependencies(context: Context, raw: RawUnit, known: Known): readonly Dependency[] {
  const found = new Map<string, Dependency>();
  for (const { service, condition, path } of afterEntries(context, raw)) {
    if (!checkAfter(context, path, service, known)) continue;
    if (found.get(service)?.condition !== "ready")
      found.set(service, { service, condition, because: "after" });
  }
  for (const { reference, from, path } of context.references) {
    if (!checkReference(context, { reference, from, path }, known)) continue;
    const { service } = reference;
    if (service === context.unit || found.get(service)?.condition === "ready") continue;
    const because = `${from} refers to ${referenceText(reference)}`;
    found.set(service, { service, condition: "ready", because });
  }
  return [...found.values()];
}

/** References of the exports: they make no dependency. */
export function checkReferences(context: Context, known: Known): void {
  for (const reference of context.references) checkReference(context, reference, known);
}

interface AfterEntry {
  readonly service: string;
  readonly condition: "ready" | "started";
  readonly path: Path;
}

function afterEntries(context: Context, raw: RawUnit): AfterEntry[] {
  const path = [...context.path, "after"];
  if (typeof raw.after === "string") return [{ service: raw.after, condition: "ready", path }];
  return (raw.after ?? []).map((entry, index) => {
    const { service, condition = "ready" } = typeof entry === "string" ? { service: entry } : entry;
    return { service, condition, path: [...path, index] };
  });
}

function checkAfter(context: Context, path: Path, service: string, known: Known): boolean {
  if (service === context.unit) {
    context.problems.add({
      path,
      text: `"${service}" waits for itself`,
      expected: "another service",
      found: quoted(service),
      mend: "remove it",
    });
    return false;
  }
  return checkName(context, path, service, known);
}

function checkName(context: Context, path: Path, service: string, known: Known): boolean {
  if (known.names.has(service)) return true;
  const near = nearest(service, known.names);
  context.problems.add({
    path,
    text: `unknown service ${quoted(service)}`,
    expected: known.names.size === 0 ? "a service" : `one of ${[...known.names].join(", ")}`,
    found: quoted(service),
    mend: near === undefined ? "name a service of this stack, or add it" : `write "${near}"`,
  });
  return false;
}

function checkReference(context: Context, { reference, path }: FoundReference, known: Known): boolean {
  const { service, port, property } = reference;
  if (!checkName(context, path, service, known)) return false;
  const unit = known.units.get(service);
  if (unit === undefined) return true;
  const isAddress = property === "host" || property === "port" || property === "url";
  if (!isAddress && port === undefined) return checkFact(context, path, unit, property);
  if (!isAddress) return wrongProperty(context, path, unit, property, ["host", "port", "url"]);
  return checkPort(context, path, unit, port);
}

function checkFact(context: Context, path: Path, unit: Unit, property: string): boolean {
  if (Object.hasOwn(unit.facts, property)) return true;
  return wrongProperty(context, path, unit, property, ["host", "port", "url", ...Object.keys(unit.facts)]);
}

function wrongProperty(
  context: Context,
  path: Path,
  unit: Unit,
  property: string,
  allowed: readonly string[],
): false {
  const near = nearest(property, allowed);
  context.problems.add({
    path,
    text: `"${unit.name}" has no ${quoted(property)}`,
    expected: `one of ${allowed.join(", ")}`,
    found: quoted(property),
    mend: near === undefined ? "use one of these, or add it to its facts" : `write "${near}"`,
  });
  return false;
}

function checkPort(context: Context, path: Path, unit: Unit, name: string | undefined): boolean {
  const names = unit.ports.map((port) => port.name);
  if (name === undefined ? names.length > 0 : names.includes(name)) return true;
  // Its ports could not be read: that has been told.
  if (context.problems.touches(["services", unit.name, "ports"])) return true;
  const near = name === undefined ? undefined : nearest(name, names);
  context.problems.add({
    path,
    text: name === undefined ? `"${unit.name}" has no ports` : `"${unit.name}" has no port "${name}"`,
    expected: names.length === 0 ? "a service with ports" : `one of ${names.join(", ")}`,
    found: name === undefined ? "no ports" : quoted(name),
    mend: near === undefined ? `add the port to the ports of "${unit.name}"` : `write "${near}"`,
  });
  return false;
}
