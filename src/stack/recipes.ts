import { basename } from "node:path";
import { mapValues } from "./container-form.ts";
import { type Context, readPath } from "./context.ts";
import type { RawUnit } from "./raw.ts";
import { escapeLiteral } from "./template.ts";
import type { ProcessForm } from "./types.ts";

/** A recipe written out: the same unit without `recipe`, and what only a recipe can say. */
export interface Expanded {
  readonly raw: RawUnit;
  readonly process: ProcessForm | undefined;
  readonly facts: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
}

export function expandRecipe(context: Context, raw: RawUnit): Expanded {
  checkRecipeKeys(context, raw);
  switch (raw.recipe) {
    case "postgres":
      return expandPostgres(context, raw);
    case "redis":
      return expandRedis(raw);
    case undefined:
      return { raw, process: undefined, facts: {}, secrets: [] };
  }
}

function expandPostgres(context: Context, raw: RawUnit): Expanded {
  const user = raw.user ?? "postgres";
  const database = raw.database ?? user;
  const password = raw.password ?? "rollcall-local";
  const settings = mapValues(raw.settings, String);
  const init = (raw.init ?? []).map((file, index) =>
    readPath(context, [...context.path, "init", index], file),
  );
  const initFiles = init.map((copy, index) => ({
    copy,
    // Numbered: the image runs them in the order of their names, the definition means the order written.
    target: `/docker-entrypoint-initdb.d/${String(index + 1).padStart(3, "0")}-${basename(copy)}`,
    mode: 0o644,
  }));
  const flags = Object.entries(settings).flatMap(([name, value]) => [
    "-c",
    `${name}=${escapeLiteral(value)}`,
  ]);
  return {
    raw: {
      ...raw,
      image: raw.image ?? "docker.io/library/postgres:16-alpine",
      ...(flags.length === 0 ? {} : { command: ["postgres", ...flags] }),
      ports: { postgres: { container: 5432, host: raw.port ?? "free", scheme: "postgresql" }, ...raw.ports },
      env: {
        POSTGRES_USER: escapeLiteral(user),
        POSTGRES_PASSWORD: escapeLiteral(password),
        POSTGRES_DB: escapeLiteral(database),
        ...raw.env,
      },
      files: [...initFiles, ...(raw.files ?? [])],
      ready: raw.ready ?? { postgres: { port: "postgres", user, password, database } },
      // SIGINT is PostgreSQL's fast shutdown: it does not wait for clients to leave.
      stop: { signal: "SIGINT", ...raw.stop },
    },
    process: { kind: "postgres", user, password, database, initSql: init, settings },
    facts: { user, password, database },
    secrets: raw.password === undefined ? [] : [password],
  };
}

const redisConf = "/usr/local/etc/redis/rollcall.conf";

function expandRedis(raw: RawUnit): Expanded {
  const { password } = raw;
  const args = Object.entries(raw.settings ?? {}).flatMap(([name, value]) => [`--${name}`, String(value)]);
  // The password goes by a file: arguments are seen by everybody on the machine.
  const withPassword = password !== undefined;
  const command = [
    "redis-server",
    ...(withPassword ? [redisConf] : []),
    "--save",
    "",
    ...args.map(escapeLiteral),
  ];
  const conf = withPassword
    ? [
        {
          content: `requirepass ${escapeLiteral(JSON.stringify(password))}\n`,
          target: redisConf,
          mode: 0o644,
        },
      ]
    : [];
  return {
    raw: {
      ...raw,
      image: raw.image ?? "docker.io/library/redis:7-alpine",
      command,
      ports: { redis: { container: 6379, host: raw.port ?? "free", scheme: "redis" }, ...raw.ports },
      files: [...conf, ...(raw.files ?? [])],
      ready: raw.ready ?? { redis: withPassword ? { port: "redis", password } : { port: "redis" } },
    },
    process: { kind: "redis", password, args },
    facts: withPassword ? { password } : {},
    secrets: withPassword ? [password] : [],
  };
}

const recipeKeys = {
  user: ["postgres"],
  database: ["postgres"],
  init: ["postgres"],
  password: ["postgres", "redis"],
  settings: ["postgres", "redis"],
  port: ["postgres", "redis"],
} as const satisfies Partial<Record<keyof RawUnit, readonly string[]>>;

const notForRecipes = ["command", "process", "build", "task"] as const;

function checkRecipeKeys(context: Context, raw: RawUnit): void {
  for (const [key, recipes] of Object.entries(recipeKeys)) {
    const allowed: readonly string[] = recipes;
    if (raw[key as keyof typeof recipeKeys] === undefined) continue;
    if (raw.recipe !== undefined && allowed.includes(raw.recipe)) continue;
    context.problems.add({
      path: [...context.path, key],
      text: `"${key}" belongs to a recipe`,
      expected: `recipe: ${allowed.join(" or recipe: ")}`,
      found: raw.recipe === undefined ? "no recipe" : `recipe: ${raw.recipe}`,
      mend:
        key === "port" ? 'name the port under ports: {http: "18080:8080"}' : "remove it, or add the recipe",
    });
  }
  if (raw.recipe === undefined) return;
  for (const key of notForRecipes) {
    if (raw[key] === undefined) continue;
    context.problems.add({
      path: [...context.path, key],
      text: `recipe ${raw.recipe} brings its own "${key}"`,
      expected: `recipe: ${raw.recipe} without ${key}`,
      found: `both`,
      mend: key === "build" ? "remove one; another image goes under image" : "remove one",
    });
  }
}
