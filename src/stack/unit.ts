import { parseDuration } from "../util/duration.ts";
import { buildContainerForm, mapValues, readWords } from "./container-form.ts";
import { type Context, readPath } from "./context.ts";
import { buildEnv } from "./env.ts";
import { buildFiles } from "./files.ts";
import { buildPorts } from "./ports.ts";
import type { RawUnit } from "./raw.ts";
import { buildReady } from "./ready.ts";
import { expandRecipe } from "./recipes.ts";
import { secretsOf } from "./secrets.ts";
import type { ProbeSpec, ProcessForm, StopPolicy, Unit } from "./types.ts";

/** A unit without its dependencies: they are known once all units and references are. */
export function buildUnit(context: Context, written: RawUnit): Unit {
  const { raw, process, facts, secrets } = expandRecipe(context, written);
  const name = context.unit ?? "";
  const ports = buildPorts(context, raw);
  const ready = raw.task === true ? noReady(context, raw) : buildReady(context, raw, ports);
  const env = buildEnv(context, raw);
  const allFacts = { ...facts, ...mapValues(raw.facts, String) };
  checkFacts(context, raw);
  const common = {
    name,
    after: [],
    env,
    ports,
    files: buildFiles(context, raw),
    container: buildContainerForm(context, raw),
    process: process ?? buildServer(context, raw) ?? buildProcess(context, raw),
    budgetMs: parseDuration(String(raw.budget ?? (raw.task ? "2m" : "60s"))) ?? 0,
    stop: buildStop(raw),
    facts: allFacts,
    secrets: secretsOf(env, {
      secrets: [...secrets, ...ownSecrets(raw)],
      plain: [name, ...plainFacts(allFacts)],
    }),
  };
  checkForms(context, raw, common.process);
  if (raw.task === true) return { kind: "task", ...common };
  const completes = raw.mayComplete === undefined ? {} : { mayComplete: true };
  return { kind: "service", ...common, ready: ready ?? unknownProbe, ...completes };
}

// Only ever seen beside a problem: the stack is refused.
const unknownProbe: ProbeSpec = { kind: "running" };

function buildStop(raw: RawUnit): StopPolicy {
  return {
    signal: (raw.stop?.signal ?? "SIGTERM") as NodeJS.Signals,
    graceMs: parseDuration(String(raw.stop?.grace ?? "10s")) ?? 0,
  };
}

/** What a recipe would say of a server, for units that bring their own image, ports and environment. */
function buildServer(context: Context, { server }: RawUnit): ProcessForm | undefined {
  if (server?.redis !== undefined) {
    const { password, args = [] } = server.redis;
    return { kind: "redis", password, args: args.map(String) };
  }
  if (server?.postgres === undefined) return undefined;
  const { user, password, database, init = [], settings } = server.postgres;
  const initSql = init.map((file, index) =>
    readPath(context, [...context.path, "server", "postgres", "init", index], file),
  );
  return { kind: "postgres", user, password, database, initSql, settings: mapValues(settings, String) };
}

function ownSecrets({ server, secrets = [] }: RawUnit): readonly string[] {
  const passwords = [server?.postgres?.password, server?.redis?.password];
  return [...passwords.filter((password) => password !== undefined && password !== ""), ...secrets].filter(
    (secret) => secret !== undefined,
  );
}

function buildProcess(context: Context, raw: RawUnit): ProcessForm | undefined {
  const inContainer = raw.image !== undefined || raw.build !== undefined;
  const plain = raw.process === undefined && !inContainer;
  const given = plain ? raw.command : raw.process;
  if (given === undefined) return undefined;
  const { command, cwd } = Array.isArray(given) ? { command: given } : given;
  const keys = plain ? ["command"] : Array.isArray(given) ? ["process"] : ["process", "command"];
  if (command.length === 0) {
    context.problems.add({
      path: [...context.path, ...keys],
      text: "the command is empty",
      expected: 'a list of words such as ["node", "server.js"]',
      found: "an empty list",
      mend: "write the program and its arguments",
    });
  }
  return {
    kind: "command",
    argv: readWords(context, keys, command) ?? [],
    cwd: cwd === undefined ? context.dir : readPath(context, [...context.path, "process", "cwd"], cwd),
  };
}

function checkForms(context: Context, raw: RawUnit, process: ProcessForm | undefined): void {
  if (raw.image !== undefined || raw.build !== undefined) return;
  for (const key of ["container", "pull"] as const) {
    if (raw[key] === undefined) continue;
    context.problems.add({
      path: [...context.path, key],
      text: `"${key}" needs an image`,
      expected: "image or build beside it",
      found: "neither",
      mend: `add image or build, or remove ${key}`,
    });
  }
  const broken = ["image", "build", "command", "process", "recipe"].some((key) =>
    context.problems.touches([...context.path, key]),
  );
  if (process !== undefined || broken) return;
  context.problems.add({
    path: context.path,
    text: `nothing says what "${context.unit}" is`,
    expected: "image or build for engines, command for a process, or recipe",
    found: "none of them",
    mend: "add image, build, command or recipe",
  });
}

function noReady(context: Context, raw: RawUnit): undefined {
  if (raw.ready === undefined) return;
  context.problems.add({
    path: [...context.path, "ready"],
    text: `task "${context.unit}" has a readiness probe`,
    expected: "none: a task is ready when it ends with exit code 0",
    found: "ready",
    mend: "remove ready, or remove task: true",
  });
}

function checkFacts(context: Context, raw: RawUnit): void {
  for (const name of ["host", "port", "url", "ports"]) {
    if (raw.facts === undefined || !Object.hasOwn(raw.facts, name)) continue;
    context.problems.add({
      path: [...context.path, "facts", name],
      text: `"${name}" cannot be a fact`,
      expected: "a name other than host, port, url and ports: those are addresses",
      found: `"${name}"`,
      mend: "rename it",
    });
  }
}

function plainFacts(facts: Readonly<Record<string, string>>): string[] {
  return ["user", "database"].flatMap((key) => (Object.hasOwn(facts, key) ? [facts[key] ?? ""] : []));
}
