import { existsSync } from "node:fs";

/** The override file that compose reads beside the only file when none was named; undefined: there is none. */
export function overrideOf(file: string): string | undefined {
  const match = /^(.*?)(docker-compose|compose)\.(ya?ml)$/.exec(file);
  if (match === null) return undefined;
  const names = ["yml", "yaml"].map((extension) => `${match[1]}${match[2]}.override.${extension}`);
  return names.find((name) => existsSync(name));
}
