import { listOf, mapOf } from "./context.ts";
import { readComposeDependencies } from "./depends.ts";
import { toLabel } from "./labels.ts";
import type { Findings } from "./problems.ts";
import type { Project } from "./project.ts";
import type { Surroundings } from "./unit.ts";

/** Services without profiles, those of the wanted profiles, and what was asked for with what it needs. */
export function activeServices(
  project: Project,
  wanted: ReadonlySet<string>,
  asked: readonly string[],
): ReadonlySet<string> {
  const names = [...project.services.keys()];
  const active = new Set(names.filter((name) => isWanted(project, name, wanted)));
  const add = (name: string) => {
    if (active.has(name)) return;
    active.add(name);
    for (const dependency of dependenciesOf(project, name)) {
      if (project.services.has(dependency.service)) add(dependency.service);
    }
  };
  for (const name of asked) {
    const found = names.find((each) => each === name || toLabel(each) === name);
    if (found !== undefined) add(found);
  }
  return new Set(names.filter((name) => active.has(name)));
}

function isWanted(project: Project, name: string, wanted: ReadonlySet<string>): boolean {
  const tree = project.services.get(name)?.tree;
  const replicas = mapOf(tree?.["deploy"])?.["replicas"] ?? tree?.["scale"] ?? 1;
  if (Number(replicas) === 0) return false;
  const profiles = listOf(tree?.["profiles"]).map(String);
  return profiles.length === 0 || wanted.has("*") || profiles.some((profile) => wanted.has(profile));
}

function dependenciesOf(project: Project, name: string) {
  return readComposeDependencies(project.services.get(name)?.tree["depends_on"]);
}

/** Labels for the names, and who is waited for in which way. */
export function surroundingsOf(
  project: Project,
  active: ReadonlySet<string>,
  findings: Findings,
): Surroundings {
  const labels = new Map<string, string>();
  const taken = new Map<string, string>();
  const completed = new Set<string>();
  const healthy = new Set<string>();
  for (const name of active) {
    const label = toLabel(name);
    const place = project.place(["services", name]);
    if (!/[a-z]/.test(label))
      findings.refuse(place, `services.${name}: expected a name with letters, digits and hyphens`);
    const other = taken.get(label);
    if (other !== undefined)
      findings.refuse(place, `services.${name} and services.${other} have the same name as RFC 1123 labels`);
    taken.set(label, name);
    if (label !== name) labels.set(name, label);
    for (const { service, condition } of dependenciesOf(project, name)) {
      if (condition === "service_completed_successfully") completed.add(service);
      if (condition === "service_healthy") healthy.add(service);
    }
  }
  return { active, labels, completed, healthy };
}
