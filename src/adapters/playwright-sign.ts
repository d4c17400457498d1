import { type StackValues, variableOf } from "../run/control/stack-values.ts";

/** What the process that holds the stack says on stdout once it is up: one line. */
export function writeReadySign(values: StackValues): string {
  return `${variableOf(values.stack)}=${JSON.stringify(values)}\n`;
}

/** Exports that Playwright would give another name: tests find them in `stack.env`. */
export function unnamable({ env }: StackValues): readonly string[] {
  return Object.keys(env).filter((name) => name !== name.toUpperCase());
}

/**
 * Playwright looks for a pattern in what a web server says, and puts the named groups of what it finds into its own
 * environment, their names in upper case. The groups are read from the line's JSON: a value may have several lines.
 */
export class ReadySign extends RegExp {
  readonly #variable: string;

  constructor(stack: string) {
    const variable = variableOf(stack);
    super(`^${variable}=(?<values>[^\\n]*)\\n`, "m");
    this.#variable = variable;
  }

  override exec(text: string): RegExpExecArray | null {
    const found = super.exec(text);
    const json = found?.groups?.["values"];
    if (found === null || json === undefined) return found;
    const values = JSON.parse(json) as StackValues;
    const other = unnamable(values);
    const exported = Object.entries(values.env).filter(([name]) => !other.includes(name));
    found.groups = Object.fromEntries([...exported, [this.#variable, json]]);
    return found;
  }
}
