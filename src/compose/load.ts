import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Stack, Template } from "../stack/types.ts";
import { nearest } from "../util/nearest.ts";
import { listOf, readingOf } from "./context.ts";
import { readComposeDependencies } from "./depends.ts";
import { topKeys } from "./keys.ts";
import { createFindings, type Findings } from "./problems.ts";
import { type Project, readProject, toLabel } from "./project.ts";
import { readUnit, type Surroundings } from "./unit.ts";

export interface LoadComposeOptions {
  readonly cwd: string;
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** Profiles that take part beside COMPOSE_PROFILES. */
  readonly profiles?: readonly string[];
  /** Services that were asked for by name: they and what they need take part whatever their profiles. */
  readonly services?: readonly string[];
}

/** The deadline of a stack that a compose file describes: its files name none. */
const timeoutMs = 300_000;

/**
 * Reads compose files as one stack, later files over earlier ones; an override file beside a single file is read too.
 *
 * @throws RollcallError DEFINITION_INVALID with every mistake and every key that would change the meaning.
 */
export async function loadCompose(
  files: readonly string[],
  { cwd, env = process.env, profiles = [], services = [] }: LoadComposeOptions,
): Promise<Stack> {
  const findings = createFindings();
  const project = readProject(withOverride(files, cwd), { cwd, env, findings });
  const [first = ""] = files;
  const wanted = new Set([
    ...profiles,
    ...(env["COMPOSE_PROFILES"] ?? "").split(",").map((name) => name.trim()),
  ]);
  const active = activeServices(project, wanted, services);
  checkTopKeys(project, findings);
  const surroundings = surroundingsOf(project, active, findings);
  const units = [...active].flatMap((name) => {
    const service = project.services.get(name);
    return service === undefined ? [] : [readUnit(readingOf(project, service, findings), surroundings)];
  });
  if (project.services.size === 0)
    findings.refuse(project.place(["services"]), "services: expected at least one service");
  refuseCircle(units, findings, project);
  findings.throwIfAny();
  const file = resolve(cwd, first);
  return {
    name: project.name,
    dir: dirname(file),
    file,
    order: "dependency",
    timeoutMs,
    units,
    exports: exportsOf(units),
    notes: findings.notes,
  };
}

function withOverride(files: readonly string[], cwd: string): readonly string[] {
  const [only] = files;
  if (only === undefined || files.length > 1) return files;
  const match = /^(.*?)(docker-compose|compose)\.(ya?ml)$/.exec(only);
  if (match === null) return files;
  for (const extension of ["yml", "yaml"]) {
    const override = `${match[1]}${match[2]}.override.${extension}`;
    if (existsSync(resolve(cwd, override))) return [only, override];
  }
  return files;
}

function checkTopKeys(project: Project, findings: Findings): void {
  for (const key of project.topKeys) {
    if (key === "version") findings.note(project.place([key]), "version: has no meaning any more");
    else if (!topKeys.includes(key) && !key.startsWith("x-")) {
      const near = nearest(key, topKeys);
      findings.refuse(
        project.place([key]),
        `unknown key "${key}"${near === undefined ? "" : `; did you mean ${near}?`}`,
      );
    }
  }
}

/** Services without profiles, those of the wanted profiles, and what was asked for with what it needs. */
function activeServices(
  project: Project,
  wanted: ReadonlySet<string>,
  asked: readonly string[],
): ReadonlySet<string> {
  const inProfile = (name: string) => {
    const profiles = listOf(project.services.get(name)?.tree["profiles"]).map(String);
    return profiles.length === 0 || wanted.has("*") || profiles.some((profile) => wanted.has(profile));
  };
  const active = new Set([...project.services.keys()].filter(inProfile));
  const add = (name: string) => {
    if (!project.services.has(name) || (active.has(name) && !asked.includes(name))) return;
    active.add(name);
    for (const dependency of readComposeDependencies(project.services.get(name)?.tree["depends_on"]))
      if (!active.has(dependency.service)) add(dependency.service);
  };
  for (const name of asked)
    add([...project.services.keys()].find((key) => key === name || toLabel(key) === name) ?? name);
  return new Set([...project.services.keys()].filter((name) => active.has(name)));
}

function surroundingsOf(project: Project, active: ReadonlySet<string>, findings: Findings): Surroundings {
  const labels = new Map<string, string>();
  const taken = new Map<string, string>();
  const completed = new Set<string>();
  const awaited = new Set<string>();
  for (const name of active) {
    const label = toLabel(name);
    const place = project.place(["services", name]);
    if (label === "")
      findings.refuse(place, `services.${name}: expected a name of letters, digits and hyphens`);
    const other = taken.get(label);
    if (other !== undefined)
      findings.refuse(place, `services.${name} and services.${other} have the same name as RFC 1123 labels`);
    taken.set(label, name);
    if (label !== name) labels.set(name, label);
    for (const dependency of readComposeDependencies(project.services.get(name)?.tree["depends_on"])) {
      awaited.add(dependency.service);
      if (dependency.condition === "service_completed_successfully") completed.add(dependency.service);
    }
  }
  return { active, labels, completed, awaited };
}

function refuseCircle(units: Stack["units"], findings: Findings, project: Project): void {
  const byName = new Map(units.map((unit) => [unit.name, unit]));
  const done = new Set<string>();
  const walk = (name: string, path: readonly string[]): void => {
    if (done.has(name)) return;
    if (path.includes(name)) {
      const circle = [...path.slice(path.indexOf(name)), name];
      findings.refuse(
        project.place(["services", name, "depends_on"]),
        `services wait for each other: ${circle.join(" → ")}`,
      );
      return;
    }
    for (const dependency of byName.get(name)?.after ?? []) walk(dependency.service, [...path, name]);
    done.add(name);
  };
  for (const unit of units) walk(unit.name, []);
}

/** NAME_HOST, NAME_PORT and NAME_URL of every service that publishes a port. */
function exportsOf(units: Stack["units"]): Record<string, Template> {
  const out: Record<string, Template> = {};
  for (const unit of units) {
    if (unit.ports.length === 0) continue;
    const prefix = unit.name.toUpperCase().replace(/-/g, "_");
    for (const property of ["host", "port", "url"])
      out[`${prefix}_${property.toUpperCase()}`] = [{ service: unit.name, property, port: undefined }];
  }
  return out;
}
