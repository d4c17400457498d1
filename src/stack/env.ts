import { readFileSync } from "node:fs";
import { type Context, readPath, readTemplate } from "./context.ts";
import { parseEnvFile } from "./env-file.ts";
import type { RawUnit } from "./raw.ts";
import { literal } from "./template.ts";
import type { Template } from "./types.ts";

/** envFile, then env, which wins. Values of files are taken as they are: only the definition refers to services. */
export function buildEnv(context: Context, raw: RawUnit): Readonly<Record<string, Template>> {
  const env = new Map<string, Template>();
  const files = typeof raw.envFile === "string" ? [raw.envFile] : (raw.envFile ?? []);
  for (const [index, file] of files.entries()) {
    for (const [name, value] of readEnvFile(context, file, index)) env.set(name, literal(value));
  }
  for (const [name, value] of Object.entries(raw.env ?? {})) {
    env.set(name, readTemplate(context, [...context.path, "env", name], String(value), `env ${name}`));
  }
  return Object.fromEntries(env);
}

function readEnvFile(context: Context, file: string, index: number): ReadonlyMap<string, string> {
  const path = [...context.path, "envFile", index];
  const absolute = readPath(context, path, file);
  if (context.problems.touches(path)) return new Map();
  try {
    const { values, wrong } = parseEnvFile(readFileSync(absolute, "utf8"));
    for (const line of wrong) {
      context.problems.add({
        path,
        text: `line ${line} of ${file} cannot be read`,
        expected: "NAME=value",
        found: "something else (not shown: it may be a secret)",
        mend: "correct the line",
      });
    }
    return values;
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    context.problems.add({
      path,
      text: `${file} cannot be read`,
      expected: "a readable file",
      found,
      mend: "correct the path or the file's permissions",
    });
    return new Map();
  }
}
