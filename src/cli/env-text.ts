export type Env = Readonly<Record<string, string>>;

/** For `eval` in any POSIX shell. */
export function shellText(env: Env): string {
  return lines(env, (name, value) => `export ${name}='${value.replace(/'/g, "'\\''")}'`);
}

/** For readers of `.env` files: Node's own, npm's dotenv, compose, and a shell's `.`. */
export function dotenvText(env: Env): string {
  return lines(env, (name, value) => `${name}=${dotenvValue(value)}`);
}

/** For the file that GITHUB_ENV names; `delimiter`: what no value holds, for values of several lines. */
export function githubText(env: Env, delimiter: string): string {
  return lines(env, (name, value) =>
    /[\r\n]/.test(value) ? `${name}<<${delimiter}\n${value}\n${delimiter}` : `${name}=${value}`,
  );
}

function lines(env: Env, line: (name: string, value: string) => string): string {
  return Object.entries(env)
    .map(([name, value]) => line(name, value))
    .join("\n");
}

/**
 * Plain where every reader agrees on it, else in single quotes, where all of them take every character as it is. Double
 * quotes say the same to all as long as nothing in them is special to one. For the rest (a `'` beside a `$`, say) no
 * form suits everybody: it is written for a shell, and compose, Go and Ruby read it likewise.
 */
function dotenvValue(value: string): string {
  if (/^[\w./:@%+,=?&-]*$/.test(value)) return value;
  if (!value.includes("'")) return `'${value}'`;
  return `"${value.replace(/[\\"$`]/g, "\\$&")}"`;
}
