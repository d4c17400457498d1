export type Variables = Readonly<Record<string, string | undefined>>;

/** A `${V:?text}` that was not met, or a syntax that is none. */
export class InterpolationError extends Error {
  override readonly name = "InterpolationError";
}

/**
 * Puts variables into a text: `$V ${V} ${V:-default} ${V-default} ${V:?error} ${V?error} ${V:+other} ${V+other} $$`,
 * defaults may hold variables again (compose specification, "Interpolation").
 *
 * @param onUnset told of a variable without value and default, which becomes empty.
 */
export function interpolate(text: string, variables: Variables, onUnset: (name: string) => void): string {
  let out = "";
  for (let at = 0; at < text.length; ) {
    const dollar = text.indexOf("$", at);
    if (dollar < 0) return out + text.slice(at);
    out += text.slice(at, dollar);
    const next = text[dollar + 1] ?? "";
    if (next === "$") {
      out += "$";
      at = dollar + 2;
    } else if (next === "{") {
      const end = closingBrace(text, dollar + 2);
      if (end < 0)
        throw new InterpolationError(
          `"${text}": the brace after $ is not closed; write $$ for a dollar sign`,
        );
      out += expand(text.slice(dollar + 2, end), variables, onUnset);
      at = end + 1;
    } else {
      const name = /^[A-Za-z_][A-Za-z0-9_]*/.exec(text.slice(dollar + 1))?.[0];
      if (name === undefined)
        throw new InterpolationError(`"${text}": expected a name after $; write $$ for a dollar sign`);
      out += variableOf(name, variables, onUnset);
      at = dollar + 1 + name.length;
    }
  }
  return out;
}

function closingBrace(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "$" && text[at + 1] === "{") {
      depth++;
      at++;
    } else if (text[at] === "}" && --depth === 0) return at;
  }
  return -1;
}

function expand(inner: string, variables: Variables, onUnset: (name: string) => void): string {
  const match = /^([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-?+])([\s\S]*))?$/.exec(inner);
  if (match === null)
    throw new InterpolationError(`"\${${inner}}" is not a variable; write $$ for a dollar sign`);
  const [, name = "", operator, rest = ""] = match;
  const value = variables[name];
  if (operator === undefined) return variableOf(name, variables, onUnset);
  const given = operator.startsWith(":") ? value !== undefined && value !== "" : value !== undefined;
  const other = () => interpolate(rest, variables, onUnset);
  switch (operator.slice(-1)) {
    case "-":
      return given ? (value ?? "") : other();
    case "+":
      return given ? other() : "";
    default:
      if (given) return value ?? "";
      throw new InterpolationError(
        `required variable ${name} is ${value === undefined ? "not set" : "empty"}${rest === "" ? "" : `: ${other()}`}`,
      );
  }
}

function variableOf(name: string, variables: Variables, onUnset: (name: string) => void): string {
  const value = variables[name];
  if (value === undefined) onUnset(name);
  return value ?? "";
}
