import { resolve } from "node:path";
import type { Stack, Unit } from "../stack/types.ts";
import { nearest } from "../util/nearest.ts";
import { activeServices, surroundingsOf } from "./active.ts";
import { longestWayMs, refuseCircle, refuseSharedPorts } from "./check-units.ts";
import { readingOf } from "./context.ts";
import { exportsOf } from "./exports.ts";
import { topKeys } from "./keys.ts";
import { checkNames, checkNetworks } from "./networks.ts";
import { overrideOf } from "./override.ts";
import { createFindings, type Findings } from "./problems.ts";
import { type Project, readProject } from "./project.ts";
import { readUnit } from "./unit.ts";

export interface LoadComposeOptions {
  readonly cwd: string;
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** Profiles that take part beside COMPOSE_PROFILES. */
  readonly profiles?: readonly string[];
  /** Services that were asked for by name: they and what they need take part whatever their profiles. */
  readonly services?: readonly string[];
  /** Whether `compose.override.yaml` beside the only file is read too: it is when no file was named. @default false */
  readonly override?: boolean;
}

/** The deadline of a stack that a compose file describes: its files name none. */
const leastTimeoutMs = 300_000;

/**
 * Reads compose files as one stack, later files over earlier ones.
 *
 * @throws RollcallError DEFINITION_INVALID with every mistake and every key that would change the meaning.
 */
export async function loadCompose(
  files: readonly string[],
  { cwd, env = process.env, profiles = [], services = [], override = false }: LoadComposeOptions,
): Promise<Stack> {
  const findings = createFindings();
  const project = readProject(override ? withOverride(files, cwd) : files, { cwd, env, findings });
  const fromEnv = (project.variables["COMPOSE_PROFILES"] ?? "").split(",").map((name) => name.trim());
  const active = activeServices(project, new Set([...profiles, ...fromEnv]), services);
  if (project.services.size > 0) checkTopKeys(project, findings);
  checkNetworks(project, findings);
  const units = readUnits(project, active, findings);
  findings.throwIfAny();
  return {
    name: project.name,
    dir: project.dir,
    file: resolve(cwd, files[0] ?? ""),
    order: "dependency",
    timeoutMs: Math.max(leastTimeoutMs, longestWayMs(units)),
    units,
    exports: exportsOf(units),
    notes: findings.notes,
  };
}

function readUnits(project: Project, active: ReadonlySet<string>, findings: Findings): readonly Unit[] {
  if (project.services.size === 0 && project.topKeys.some((key) => !topKeys.includes(key)))
    findings.refuse(
      project.place([]),
      "this is the first version of compose files: put all services under services",
    );
  else if (project.services.size === 0)
    findings.refuse(project.place(["services"]), "services: expected at least one service");
  else if (active.size === 0)
    findings.refuse(
      project.place(["services"]),
      "services: every service has a profile; name one with --profile",
    );
  const surroundings = surroundingsOf(project, active, findings);
  const units = [...active].flatMap((name) => {
    const service = project.services.get(name);
    return service === undefined ? [] : [readUnit(readingOf(project, service, findings), surroundings)];
  });
  const keyOf = (unit: string) => [...surroundings.labels].find(([, label]) => label === unit)?.[0] ?? unit;
  refuseCircle(units, project, keyOf, findings);
  refuseSharedPorts(units, project, keyOf, findings);
  checkNames(new Map(units.map((unit) => [unit.name, unit.container?.aliases ?? []])), project, findings);
  return units;
}

/** As compose does when it looks for its files itself. */
function withOverride(files: readonly string[], cwd: string): readonly string[] {
  const [only] = files;
  const override = only === undefined || files.length > 1 ? undefined : overrideOf(resolve(cwd, only));
  return override === undefined ? files : [...files, override];
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
