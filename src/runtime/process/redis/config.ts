import type { RedisProcess } from "../../../stack/types.ts";

/**
 * Redis reads it from its standard input, so that no password stands on a command line. The definition's own
 * arguments (`--maxmemory 64mb`) come as lines too; what must hold (where it listens, what it writes) comes last.
 */
export function redisConfig(
  form: RedisProcess,
  order: { readonly port: number; readonly dir: string },
): string {
  const lines = [
    ["save", ""],
    ["appendonly", "no"],
    ...argumentLines(form.args),
    ...(form.password === undefined ? [] : [["requirepass", form.password]]),
    ["bind", "127.0.0.1"],
    ["port", String(order.port)],
    ["protected-mode", "yes"],
    ["daemonize", "no"],
    ["logfile", ""],
    ["dir", order.dir],
  ];
  return lines
    .map(([name, ...values]) => [name, ...values.map(quote)].join(" "))
    .join("\n")
    .concat("\n");
}

/** `--name value value`, as Redis itself reads its command line. */
function argumentLines(args: readonly string[]): readonly (readonly string[])[] {
  const lines: string[][] = [];
  for (const argument of args) {
    if (argument.startsWith("--")) {
      const [name = "", ...value] = argument.slice(2).split("=");
      lines.push(value.length === 0 ? [name] : [name, value.join("=")]);
    } else lines.at(-1)?.push(argument);
  }
  return lines;
}

function quote(value: string): string {
  const escaped = value
    .replace(/\\/g, "\\\\")
    .replace(/"/g, '\\"')
    .replace(/\n/g, "\\n")
    .replace(/\r/g, "\\r")
    .replace(/\t/g, "\\t");
  return `"${escaped}"`;
}
