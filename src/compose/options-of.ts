import type { Env } from "./image-types.ts";

/** All words of a command line as one text, for servers that are started by a shell. */
export function lineOfWords(words: readonly string[]): string {
  return words.join(" ");
}

/**
 * The value of a server's option, wherever it stands: `--port 6380`, `--port=6380`, also inside of `sh -c "…"`;
 * variables of the container's environment are filled in.
 */
export function optionOf(words: readonly string[], names: readonly string[], env: Env): string | undefined {
  for (const [index, word] of words.entries()) {
    for (const name of names) {
      if (word === name && words[index + 1] !== undefined) return expanded(words[index + 1] ?? "", env);
      if (name.startsWith("--") && word.startsWith(`${name}=`))
        return expanded(word.slice(name.length + 1), env);
    }
  }
  const line = words.find((word) =>
    names.some((name) => word.includes(`${name} `) || word.includes(`${name}=`)),
  );
  if (line === undefined) return undefined;
  for (const name of names) {
    const match = new RegExp(`(?:^|\\s)${name}[ =]+("[^"]*"|'[^']*'|\\S+)`).exec(line);
    if (match?.[1] !== undefined) return expanded(match[1].replace(/^["']|["']$/g, ""), env);
  }
  return undefined;
}

/** `$V`, `${V}` and `${V:-default}` as the container's shell will see them. */
function expanded(text: string, env: Env): string {
  return text.replace(/\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))/g, (whole, braced, fallback, plain) => {
    const value = env[String(braced ?? plain)];
    return value ?? (typeof fallback === "string" ? fallback : whole);
  });
}

export function portOption(words: readonly string[], names: readonly string[], env: Env): number | undefined {
  const port = Number(optionOf(words, names, env));
  return Number.isInteger(port) && port > 0 && port <= 65_535 ? port : undefined;
}
