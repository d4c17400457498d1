import { existsSync, readFileSync, statSync } from "node:fs";
import { secretsOf } from "../stack/secrets.ts";
import type { Template, Unit, UnitBase } from "../stack/types.ts";
import { nearest } from "../util/nearest.ts";
import { type ContainerfileFacts, factsOf, readContainerfile } from "./containerfile.ts";
import { type Reading, textOf } from "./context.ts";
import { readDependencies } from "./depends.ts";
import { readEnvironment, secretValues, withSecretFiles } from "./environment.ts";
import { readForm, readWords } from "./form.ts";
import type { ImageUse } from "./image-types.ts";
import { serviceKeys, treatmentOf } from "./keys.ts";
import { knownImage, serverOf } from "./known-images.ts";
import { readMounts } from "./mounts.ts";
import { readAliases } from "./networks.ts";
import { processForm } from "./process-form.ts";
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
  /** Services that others wait for with service_healthy. */
  readonly healthy: ReadonlySet<string>;
}

const defaultGraceMs = 10_000;
const taskBudgetMs = 120_000;

export function readUnit(reading: Reading, surroundings: Surroundings): Unit {
  checkKeys(reading);
  const { name: composeName } = reading.service;
  const name = surroundings.labels.get(composeName) ?? composeName;
  const command = readWords(reading, "command");
  const env = readEnvironment(reading);
  const login = withSecretFiles(env, reading);
  const files = readMounts(reading);
  const container = readForm(reading, command, readAliases(reading, name));
  const use = useOf(reading, command ?? [], login, files);
  const ports = readPorts(reading, knownImage(use?.reference));
  const server = serverOf(
    use,
    ports.map(({ container }) => container),
  );
  const facts = use === undefined ? {} : (server?.facts?.(use) ?? {});
  const templates = Object.fromEntries(
    Object.entries(env).map(([key, value]): [string, Template] => [key, value === "" ? [] : [value]]),
  );
  const base: UnitBase = {
    name,
    after: readDependencies(reading, surroundings.active, surroundings.labels),
    env: templates,
    ports,
    files,
    container,
    process: use === undefined ? undefined : processForm(reading, server?.process?.(use), files),
    budgetMs: taskBudgetMs,
    stop: { signal: readSignal(reading, server?.stopSignal), graceMs: readGrace(reading) },
    facts,
    secrets: secretsIn({ login, env: templates, facts, name, granted: secretValues(reading) }),
  };
  if (surroundings.completed.has(composeName)) return { ...base, kind: "task" };
  const readiness = readReadiness(reading, use, builtFacts(container?.image), ports);
  const runs = readiness.ready.kind === "running";
  if (runs && surroundings.healthy.has(composeName))
    reading.note([], "others wait until it is healthy, and nothing tells when: only that it runs is proven");
  else if (runs && container?.image.kind === "image")
    reading.note(
      [],
      "has neither healthcheck nor ports: that it runs is all that is proven; it may also end with 0",
    );
  const mayComplete = runs && !surroundings.healthy.has(composeName);
  return { ...base, kind: "service", ...readiness, ...(mayComplete ? { mayComplete: true } : {}) };
}

/** Of a built image only its Containerfile is known. */
function useOf(
  reading: Reading,
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  files: UnitBase["files"],
): ImageUse | undefined {
  const { tree } = reading;
  const reference = textOf(tree["image"]);
  if (reference === undefined || (tree["build"] !== undefined && tree["build"] !== null)) return undefined;
  const confs = files.flatMap((file) => {
    const text = (file.kind === "bind" || file.kind === "copy") && confText(file.source);
    return typeof text === "string" ? [text] : [];
  });
  return { reference, env, words: [...(readWords(reading, "entrypoint") ?? []), ...command], confs };
}

const longestConfBytes = 256 * 1024;

function confText(path: string): string | undefined {
  if (!path.endsWith(".conf") || !existsSync(path)) return undefined;
  const stats = statSync(path);
  return stats.isFile() && stats.size <= longestConfBytes ? readFileSync(path, "utf8") : undefined;
}

function builtFacts(image: NonNullable<UnitBase["container"]>["image"] | undefined): ContainerfileFacts {
  if (image?.kind !== "build") return factsOf("");
  return "text" in image.containerfile
    ? factsOf(image.containerfile.text)
    : readContainerfile(image.containerfile.path);
}

/** Those of secret files, too: a server may write them to its log. */
function secretsIn({
  login,
  env,
  facts,
  name,
  granted,
}: {
  readonly login: Readonly<Record<string, string>>;
  readonly env: UnitBase["env"];
  readonly facts: Readonly<Record<string, string>>;
  readonly name: string;
  readonly granted: readonly string[];
}): readonly string[] {
  const fromFiles = Object.entries(login).filter(([key]) => !(key in env));
  const all = { ...env, ...Object.fromEntries(fromFiles.map(([key, value]) => [key, [value]])) };
  const { user, database, password } = facts;
  const plain = [name, user, database].filter((text) => text !== undefined);
  return secretsOf(all, { secrets: [...(password === undefined ? [] : [password]), ...granted], plain });
}

function checkKeys(reading: Reading): void {
  for (const [key, value] of Object.entries(reading.tree)) {
    // What is empty asks for nothing.
    if (value === null) continue;
    const treatment = treatmentOf(key, value);
    if (treatment === undefined) {
      const near = nearest(key, serviceKeys);
      reading.refuse([key], `unknown key${near === undefined ? "" : `; did you mean ${near}?`}`);
    } else if (treatment.kind === "ignored") reading.note([key], `is not honoured: ${treatment.why}`);
    else if (treatment.kind === "refused") reading.refuse([key], `cannot be honoured: ${treatment.why}`);
  }
}

function readSignal(reading: Reading, usual: NodeJS.Signals = "SIGTERM"): NodeJS.Signals {
  const given = textOf(reading.tree["stop_signal"]);
  if (given === undefined) return usual;
  const name = given.startsWith("SIG") ? given : `SIG${given}`;
  if (/^SIG(TERM|INT|QUIT|HUP|KILL|USR1|USR2|WINCH)$/.test(name)) return name as NodeJS.Signals;
  reading.refuse(["stop_signal"], `unknown signal "${given}"`);
  return "SIGTERM";
}

function readGrace(reading: Reading): number {
  const given = reading.tree["stop_grace_period"];
  const ms = given === undefined || given === null ? defaultGraceMs : parseComposeDuration(given);
  if (ms === undefined)
    reading.refuse(["stop_grace_period"], `expected a time like 10s, found "${textOf(given) ?? ""}"`);
  return ms ?? defaultGraceMs;
}
