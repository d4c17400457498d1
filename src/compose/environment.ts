import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { isTrue, listOf, mapOf, type Reading, textOf } from "./context.ts";
import { parseDotenv } from "./dotenv.ts";
import { keyedMap } from "./merge.ts";
import { isTreeMap, type Tree, type TreeMap } from "./tree.ts";
import { lineOf } from "./variables.ts";

/** env_file, then environment over it; a key without a value takes that of the shell, or none. */
export function readEnvironment(reading: Reading): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [index, entry] of listOf(reading.tree["env_file"]).entries())
    readEnvFile(reading, index, entry, env);
  const given = keyedMap(reading.tree["environment"] ?? null);
  if (given !== null && !isTreeMap(given))
    reading.refuse(["environment"], "expected a map or a list of KEY=value");
  for (const [key, value] of Object.entries(mapOf(given) ?? {})) {
    const text = value === null ? reading.project.variables[key] : textOf(value);
    if (text !== undefined) env[key] = text;
    else if (value === null) delete env[key];
    else reading.refuse(["environment", key], "expected a text, a number or nothing");
  }
  return env;
}

function readEnvFile(reading: Reading, index: number, entry: Tree, env: Record<string, string>): void {
  const spec = mapOf(entry);
  const path = textOf(spec?.["path"] ?? entry);
  if (path === undefined) {
    reading.refuse(["env_file", index], "expected a path");
    return;
  }
  const required = spec === undefined || spec["required"] === undefined || isTrue(spec["required"]);
  if (!existsSync(path)) {
    if (required) reading.refuse(["env_file", index], `there is no file ${path}`);
    return;
  }
  try {
    const values = parseDotenv(
      readFileSync(path, "utf8"),
      { ...reading.project.variables, ...env },
      {
        raw: spec?.["format"] === "raw",
      },
    );
    for (const [key, value] of Object.entries(values)) if (value !== undefined) env[key] = value;
  } catch (error) {
    reading.findings.refuse({ file: path, line: lineOf(error) }, (error as Error).message);
  }
}

/** `X_FILE=/run/secrets/name`: the value that the image will read there, for the probe's login. */
export function withSecretFiles(
  env: Readonly<Record<string, string>>,
  reading: Reading,
): Record<string, string> {
  const out = { ...env };
  for (const [key, path] of Object.entries(env)) {
    const name = key.endsWith("_FILE") ? key.slice(0, -"_FILE".length) : undefined;
    if (name === undefined || name in env || !path.startsWith("/run/secrets/")) continue;
    const value = secretAt(basename(path), reading);
    if (value !== undefined) out[name] = value;
  }
  return out;
}

/** What the service's secrets hold, as far as it can be read. */
export function secretValues(reading: Reading): readonly string[] {
  return grantsOf(reading).flatMap((grant) => {
    const value = secretAt(basename(textOf(grant["target"] ?? grant["source"]) ?? ""), reading);
    return value === undefined ? [] : [value];
  });
}

function grantsOf({ tree }: Reading): readonly TreeMap[] {
  return listOf(tree["secrets"]).map((entry) => mapOf(entry) ?? { source: entry });
}

/** The secret that the service finds under this name. */
function secretAt(target: string, reading: Reading): string | undefined {
  const { project } = reading;
  const granted = grantsOf(reading);
  const grant = granted.find(
    (entry) => basename(textOf(entry["target"] ?? entry["source"]) ?? "") === target,
  );
  const secret = mapOf(project.secrets[textOf(grant?.["source"]) ?? target]);
  const file = textOf(secret?.["file"]);
  const variable = textOf(secret?.["environment"]);
  if (file !== undefined && existsSync(file)) return readFileSync(file, "utf8").replace(/\r?\n$/, "");
  return variable === undefined ? textOf(secret?.["content"]) : project.variables[variable];
}
