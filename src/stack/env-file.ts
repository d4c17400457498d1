/**
 * Reads a dotenv file: `NAME=value` lines, `#` comments, an optional `export`, values in single quotes (as they are) or
 * double quotes (with \n, \t, \", \\ and line breaks). Nothing is expanded.
 */
export function parseEnvFile(text: string): {
  readonly values: ReadonlyMap<string, string>;
  /** Lines, from 1, that cannot be read. */
  readonly wrong: readonly number[];
} {
  const values = new Map<string, string>();
  const wrong: number[] = [];
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/);
  for (let index = 0; index < lines.length; index++) {
    const number = index + 1;
    const line = (lines[index] ?? "").trim();
    if (line === "" || line.startsWith("#")) continue;
    const match = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*=\s*(.*)$/s.exec(line);
    if (match === null) {
      wrong.push(number);
      continue;
    }
    const [, name = "", start = ""] = match;
    let value = start;
    while (isOpen(value) && index + 1 < lines.length) value += `\n${lines[++index]}`;
    if (isOpen(value)) wrong.push(number);
    else values.set(name, unquoted(value));
  }
  return { values, wrong };
}

const doubleQuoted = /^"((?:[^"\\]|\\.)*)"\s*(?:#.*)?$/s;
const singleQuoted = /^'([^']*)'\s*(?:#.*)?$/s;

function isOpen(value: string): boolean {
  if (value.startsWith('"')) return !/^"(?:[^"\\]|\\.)*"/s.test(value);
  return value.startsWith("'") && !/^'[^']*'/s.test(value);
}

function unquoted(value: string): string {
  const single = singleQuoted.exec(value);
  if (single !== null) return single[1] ?? "";
  const double = doubleQuoted.exec(value);
  if (double === null) return value.replace(/(^|\s)#.*$/s, "").trim();
  const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };
  return (double[1] ?? "").replace(/\\(.)/gs, (whole, char: string) => {
    return escapes[char] ?? (char === '"' || char === "\\" || char === "$" ? char : whole);
  });
}
