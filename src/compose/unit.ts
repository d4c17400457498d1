import type { ProcessForm, Template, Unit, UnitBase } from "../stack/types.ts";
import { nearest } from "../util/nearest.ts";
import { listOf, mapOf, type Reading, textOf } from "./context.ts";
import { readDependencies } from "./depends.ts";
import { readEnvironment, withSecretFiles } from "./environment.ts";
import { readForm, readWords } from "./form.ts";
import { serviceKeys, treatmentOf } from "./keys.ts";
import { knownImage } from "./known-images.ts";
import { readMounts } from "./mounts.ts";
import { readPorts } from "./published.ts";
import { readReadiness } from "./readiness.ts";
import { parseComposeDuration } from "./units.ts";

/** What one service must know of the others. */
export interface Surroundings {
  readonly active: ReadonlySet<string>;
  /** Names as RFC 1123 labels, where they differ. */
  readonly labels: ReadonlyMap<string, string>;
  /** Services that others wait for with service_completed_successfully. */
  readonly completed: ReadonlySet<string>;
  /** Services that others wait for at all. */
  readonly awaited: ReadonlySet<string>;
}

const defaultGraceMs = 10_000;
const taskBudgetMs = 120_000;
const secretKey = /PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|CREDENTIAL/i;

export function readUnit(reading: Reading, surroundings: Surroundings): Unit {
  checkKeys(reading);
  const { name: composeName } = reading.service;
  const name = surroundings.labels.get(composeName) ?? composeName;
  const image = textOf(reading.tree["image"]);
  const command = readWords(reading, "command");
  const env = readEnvironment(reading);
  const login = withSecretFiles(env, reading);
  const known = knownImage(image);
  const ports = readPorts(reading, image);
  const base: UnitBase = {
    name,
    after: readDependencies(reading, surroundings.active, surroundings.labels),
    env: Object.fromEntries(Object.entries(env).map(([key, value]): [string, Template] => [key, [value]])),
    ports,
    files: readMounts(reading),
    container: readForm(reading, command, readAliases(reading, name)),
    process: processForm(reading, known?.process?.(login, command ?? [])),
    budgetMs: taskBudgetMs,
    stop: { signal: readSignal(reading), graceMs: readGrace(reading) },
    facts: known?.facts?.(login) ?? {},
    secrets: Object.entries(login)
      .filter(([key, value]) => secretKey.test(key) && !key.endsWith("_FILE") && value.length >= 4)
      .map(([, value]) => value),
  };
  if (surroundings.completed.has(composeName)) return { ...base, kind: "task" };
  const readiness = readReadiness(reading, image, login, command ?? [], ports);
  const oneShot = readiness.ready.kind === "running" && !surroundings.awaited.has(composeName);
  return { ...base, kind: "service", ...readiness, ...(oneShot ? { mayComplete: true } : {}) };
}

function checkKeys(reading: Reading): void {
  for (const key of Object.keys(reading.tree)) {
    const treatment = treatmentOf(key);
    if (treatment === undefined) {
      const near = nearest(key, serviceKeys);
      reading.refuse([key], `unknown key${near === undefined ? "" : `; did you mean ${near}?`}`);
    } else if (treatment.kind === "ignored") reading.note([key], `is not honoured: ${treatment.why}`);
    else if (treatment.kind === "refused") reading.refuse([key], `cannot be honoured: ${treatment.why}`);
  }
  const mode = textOf(reading.tree["network_mode"]);
  if (mode !== undefined && mode !== "bridge" && mode !== "default")
    reading.refuse(
      ["network_mode"],
      `"${mode}" cannot be honoured: services meet on the stack's own network`,
    );
}

/** All networks are one; what they add are names. */
function readAliases(reading: Reading, name: string): string[] {
  const aliases = new Set<string>([reading.service.name]);
  for (const key of ["container_name", "hostname"]) {
    const alias = textOf(reading.tree[key]);
    if (alias !== undefined) aliases.add(alias);
  }
  for (const [network, spec] of Object.entries(mapOf(reading.tree["networks"]) ?? {})) {
    for (const alias of listOf(mapOf(spec)?.["aliases"])) aliases.add(String(alias));
    if (mapOf(spec)?.["ipv4_address"] !== undefined || mapOf(spec)?.["ipv6_address"] !== undefined) {
      reading.refuse(["networks", network], "a fixed address cannot be honoured; use the service's name");
    }
  }
  for (const other of reading.project.services.values()) {
    for (const link of listOf(other.tree["links"])) {
      const [service, alias] = String(link).split(":");
      if (service === reading.service.name && alias !== undefined) aliases.add(alias);
    }
  }
  aliases.delete(name);
  return [...aliases];
}

/** What a process cannot have keeps a known image from running as one. */
function processForm(reading: Reading, form: ProcessForm | undefined): ProcessForm | undefined {
  if (form === undefined || reading.tree["build"] !== undefined || reading.tree["entrypoint"] !== undefined)
    return undefined;
  if (form.kind !== "postgres") return form;
  const mount = listOf(reading.tree["volumes"])
    .map(String)
    .find((volume) => /:\/docker-entrypoint-initdb\.d\/?[^:]*(:|$)/.test(volume));
  const [source, target] = mount?.split(":") ?? [];
  return source !== undefined && target?.endsWith(".sql") === true ? { ...form, initSql: [source] } : form;
}

function readSignal(reading: Reading): NodeJS.Signals {
  const given = textOf(reading.tree["stop_signal"]);
  if (given === undefined) return "SIGTERM";
  const name = given.startsWith("SIG") ? given : `SIG${given}`;
  if (/^SIG(TERM|INT|QUIT|HUP|KILL|USR1|USR2|WINCH)$/.test(name)) return name as NodeJS.Signals;
  reading.refuse(["stop_signal"], `unknown signal "${given}"`);
  return "SIGTERM";
}

function readGrace(reading: Reading): number {
  const given = reading.tree["stop_grace_period"];
  const ms = given === undefined ? defaultGraceMs : parseComposeDuration(given);
  if (ms === undefined)
    reading.refuse(["stop_grace_period"], `expected a time like 10s, found "${textOf(given)}"`);
  return ms ?? defaultGraceMs;
}
