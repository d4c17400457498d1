import type { Unit } from "../stack/types.ts";
import type { Findings } from "./problems.ts";
import type { Project } from "./project.ts";

/** The service's key in the file: its label may differ. */
type KeyOf = (unit: string) => string;

export function refuseCircle(
  units: readonly Unit[],
  project: Project,
  keyOf: KeyOf,
  findings: Findings,
): void {
  const byName = new Map(units.map((unit) => [unit.name, unit]));
  const done = new Set<string>();
  const walk = (name: string, path: readonly string[]): void => {
    if (done.has(name)) return;
    if (path.includes(name)) {
      const circle = [...path.slice(path.indexOf(name)), name];
      findings.refuse(
        project.place(["services", keyOf(name), "depends_on"]),
        `services wait for each other: ${circle.join(" → ")}`,
      );
      return;
    }
    for (const dependency of byName.get(name)?.after ?? []) walk(dependency.service, [...path, name]);
    done.add(name);
  };
  for (const unit of units) walk(unit.name, []);
}

/** All addresses of the host are 127.0.0.1 here. */
export function refuseSharedPorts(
  units: readonly Unit[],
  project: Project,
  keyOf: KeyOf,
  findings: Findings,
): void {
  const owners = new Map<number, string>();
  for (const unit of units) {
    for (const { host } of unit.ports) {
      if (host === "free") continue;
      const owner = owners.get(host);
      owners.set(host, owner ?? unit.name);
      if (owner !== undefined)
        findings.refuse(
          project.place(["services", keyOf(unit.name), "ports"]),
          owner === unit.name
            ? `services.${keyOf(unit.name)}.ports: port ${host} on 127.0.0.1 is published twice`
            : `services.${keyOf(unit.name)}.ports: port ${host} on 127.0.0.1 is also published by ${owner}`,
        );
    }
  }
}

/** The longest way through the budgets: what the file allows must not be cut off by the deadline. */
export function longestWayMs(units: readonly Unit[]): number {
  const byName = new Map(units.map((unit) => [unit.name, unit]));
  const known = new Map<string, number>();
  const wayTo = (name: string): number => {
    const found = known.get(name);
    if (found !== undefined) return found;
    known.set(name, 0);
    const unit = byName.get(name);
    const before = (unit?.after ?? []).map((dependency) => wayTo(dependency.service));
    const way = Math.max(0, ...before) + (unit?.budgetMs ?? 0);
    known.set(name, way);
    return way;
  };
  return Math.max(0, ...units.map((unit) => wayTo(unit.name)));
}
