import { type StackValues, variableOf } from "./stack-values.ts";

/** Playwright puts named groups of what a web server says into its own environment, their names in upper case. */
const namable = /^[A-Z_][A-Z0-9_]*$/;

/** What the process that holds the stack says on stdout once it is up: a line for every variable. */
export function writeReadySign(values: StackValues, exported: readonly string[]): string {
  const lines = namableOf(exported).map((name) => `${name}=${values.env[name]}`);
  return `${[...lines, `${variableOf(values.stack)}=${JSON.stringify(values)}`].join("\n")}\n`;
}

export function readySign(stack: string, exported: readonly string[]): RegExp {
  const names = [...namableOf(exported), variableOf(stack)];
  return new RegExp(names.map((name) => `${name}=(?<${name}>[^\\n]*)\\n`).join(""));
}

function namableOf(exported: readonly string[]): readonly string[] {
  return exported.filter((name) => namable.test(name));
}
