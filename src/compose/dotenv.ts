import { InterpolationError, interpolate, type Variables } from "./interpolate.ts";

export class DotenvError extends Error {
  override readonly name = "DotenvError";
  readonly line: number;
  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/**
 * Reads a dotenv text as compose does: `KEY=value`, `export KEY=value`, `KEY: value`, quotes, comments, escapes in
 * double quotes, values over several lines in quotes, variables in unquoted and double-quoted values.
 *
 * @param raw take every value as it stands (`format: raw`).
 * @throws DotenvError; the line itself is not in it, for it may hold a secret.
 */
export function parseDotenv(
  text: string,
  outer: Variables,
  { raw = false }: { raw?: boolean } = {},
): Record<string, string | undefined> {
  const out: Record<string, string | undefined> = Object.create(null);
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? "";
    if (/^\s*(#|$)/.test(line)) continue;
    const match = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*(?:[=:]\s?(.*))?$/.exec(line);
    if (match === null) throw new DotenvError(index + 1, "expected KEY=value");
    const [, key = "", rest] = match;
    if (rest === undefined) {
      // A key alone takes its value from the environment, or none.
      if (outer[key] !== undefined) out[key] = outer[key];
      continue;
    }
    if (raw) {
      out[key] = rest;
      continue;
    }
    const quoted = readQuoted(lines, index, rest.trimStart());
    if (quoted === null) throw new DotenvError(index + 1, `the quote of ${key} is not closed`);
    const variables = { ...outer, ...definedOf(out) };
    try {
      if (quoted === undefined)
        out[key] = interpolate(rest.replace(/(^|\s)#.*$/, "").trim(), variables, () => {});
      else {
        index = quoted.lastLine;
        out[key] = quoted.literal
          ? quoted.text
          : interpolate(unescapeQuoted(quoted.text), variables, () => {});
      }
    } catch (error) {
      if (error instanceof InterpolationError) throw new DotenvError(index + 1, error.message);
      throw error;
    }
  }
  return out;
}

function definedOf(variables: Variables): Variables {
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined));
}

function readQuoted(
  lines: readonly string[],
  first: number,
  rest: string,
): { text: string; literal: boolean; lastLine: number } | null | undefined {
  const quote = rest[0];
  if (quote !== "'" && quote !== '"') return undefined;
  let text = "";
  let line = rest.slice(1);
  for (let index = first; ; ) {
    for (let at = 0; at < line.length; at++) {
      const char = line[at] ?? "";
      if (char === "\\" && quote === '"') text += char + (line[++at] ?? "");
      else if (char === quote) return { text, literal: quote === "'", lastLine: index };
      else text += char;
    }
    if (++index >= lines.length) return null;
    text += "\n";
    line = lines[index] ?? "";
  }
}

const escapes: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  '"': '"',
  "\\": "\\",
  $: "$$",
};

function unescapeQuoted(text: string): string {
  return text.replace(/\\([\s\S])/g, (whole, char: string) => escapes[char] ?? whole);
}
