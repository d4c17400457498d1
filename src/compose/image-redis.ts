import type { RedisProcess } from "../stack/types.ts";
import { type ImageUse, type KnownImage, repositoryOf } from "./image-types.ts";
import { optionOf, portOption } from "./options-of.ts";

export const redisImage: KnownImage = {
  names: "redis|valkey|redis-stack|redis-stack-server|keydb|dragonfly|redict",
  port: 6379,
  scheme: "redis",
  programs: "redis-server|valkey-server|keydb-server|dragonfly|docker-entrypoint\\.sh|redict-server",
  portOf: ({ words, env }) =>
    portOption(words, ["--port"], env) ?? (Number(env["REDIS_PORT_NUMBER"]) || undefined),
  probe: (use) => (port) => ({ kind: "redis", port, username: undefined, password: passwordOf(use) }),
  process: processOf,
  facts: (use) => {
    const password = passwordOf(use);
    return password === undefined ? {} : { password };
  },
};

/** The official image knows its command and its configuration only; bitnami's also a variable. */
function passwordOf({ reference, words, env, confs }: ImageUse): string | undefined {
  const given = optionOf(words, ["--requirepass"], env);
  if (given !== undefined) return given || undefined;
  const args = optionOf(
    [`x ${env["REDIS_ARGS"] ?? env["VALKEY_EXTRA_FLAGS"] ?? ""}`],
    ["--requirepass"],
    env,
  );
  if (args !== undefined) return args;
  const variable = /bitnami/.test(reference) ? (env["REDIS_PASSWORD"] ?? env["VALKEY_PASSWORD"]) : undefined;
  if (variable !== undefined && variable !== "") return variable;
  const line = confs.map((text) => /^\s*requirepass\s+("[^"]*"|\S+)/m.exec(text)?.[1]).find(Boolean);
  return line?.replace(/^"|"$/g, "") || undefined;
}

function processOf(use: ImageUse): RedisProcess | undefined {
  const { reference, words } = use;
  if (!/(^|\/)(redis|valkey)$/.test(repositoryOf(reference))) return undefined;
  const [first = ""] = words;
  const args = /^(\/\S*\/)?(redis|valkey)-server$/.test(first) ? words.slice(1) : words;
  // A shell's line or a configuration file of the container means something else here.
  if (args[0] !== undefined && !args[0].startsWith("--")) return undefined;
  return { kind: "redis", password: passwordOf(use), args: withoutServed(args) };
}

/** Password and port are given in other ways. */
function withoutServed(args: readonly string[]): readonly string[] {
  const out: string[] = [];
  let skipping = false;
  for (const word of args) {
    if (word.startsWith("--")) skipping = /^--(requirepass|port|bind|dir)(=|$)/.test(word);
    if (!skipping) out.push(word);
  }
  return out;
}
