import type { PostgresProcess } from "../stack/types.ts";
import { type Env, type ImageUse, type KnownImage, repositoryOf } from "./image-types.ts";
import { portOption } from "./options-of.ts";

export const postgresImage: KnownImage = {
  names:
    "postgres|postgresql|postgis|timescaledb|timescaledb-ha|pgvector|pgvecto-rs|postgresql-repmgr|postgres-ssl",
  port: 5432,
  scheme: "postgresql",
  programs: "postgres|pg_ctl|docker-entrypoint\\.sh|run-postgresql",
  initServer: true,
  // Its fast shutdown, which does not wait for clients to leave.
  stopSignal: "SIGINT",
  portOf: ({ words, env }) =>
    portOption(words, ["-p", "--port"], env) ??
    (Number(settingsOf(words)["port"] ?? env["PGPORT"] ?? env["POSTGRESQL_PORT_NUMBER"]) || undefined),
  probe:
    ({ env }) =>
    (port) => ({ kind: "postgres", port, ...login(env) }),
  process: processOf,
  facts: ({ env }) => login(env),
};

function login(env: Env): { user: string; password: string; database: string } {
  const user = env["POSTGRES_USER"] || env["POSTGRESQL_USERNAME"] || env["POSTGRESQL_USER"] || "postgres";
  return {
    user,
    password: env["POSTGRES_PASSWORD"] ?? env["POSTGRESQL_PASSWORD"] ?? "",
    database: env["POSTGRES_DB"] || env["POSTGRESQL_DATABASE"] || user,
  };
}

/** Only the plain server: extensions that others bring are not on this machine. */
function processOf({ reference, env, words }: ImageUse): PostgresProcess | undefined {
  if (!/(^|\/)(postgres|postgresql)$/.test(repositoryOf(reference))) return undefined;
  return { kind: "postgres", ...login(env), initSql: [], settings: settingsOf(words) };
}

/** `-c name=value` and `--name=value`. */
function settingsOf(words: readonly string[]): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const [index, word] of words.entries()) {
    const given =
      words[index - 1] === "-c"
        ? word
        : /^--[a-z_.]+=|^-c[a-z_.]+=/.test(word)
          ? word.replace(/^--|^-c/, "")
          : "";
    const at = given.indexOf("=");
    if (at > 0) settings[given.slice(0, at)] = given.slice(at + 1);
  }
  return settings;
}
