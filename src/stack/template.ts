import type { Part, Reference, Template } from "./types.ts";

export type ParsedTemplate =
  | { readonly ok: true; readonly template: Template }
  /** Each reference that cannot be read, as written. */
  | { readonly ok: false; readonly wrong: readonly string[] };

/**
 * Reads `${service.property}` and `${service.ports.name.property}`; `$${` is a literal `${`, every other `$` is itself.
 */
export function parseTemplate(text: string): ParsedTemplate {
  const parts: Part[] = [];
  const wrong: string[] = [];
  let literal = "";
  let rest = 0;
  for (const match of text.matchAll(/\$\$\{|\$\{([^}]*)(\}?)/g)) {
    literal += text.slice(rest, match.index);
    rest = match.index + match[0].length;
    if (match[0] === "$${") {
      literal += "${";
      continue;
    }
    const reference = match[2] === "}" ? parseReference(match[1] ?? "") : undefined;
    if (reference === undefined) wrong.push(match[0]);
    if (literal !== "") parts.push(literal);
    literal = "";
    if (reference !== undefined) parts.push(reference);
  }
  literal += text.slice(rest);
  if (literal !== "") parts.push(literal);
  return wrong.length > 0 ? { ok: false, wrong } : { ok: true, template: parts };
}

/** The text that `parseTemplate` reads as this template. */
export function templateText(template: Template): string {
  return template
    .map((part) => (typeof part === "string" ? escapeLiteral(part) : `\${${referenceText(part)}}`))
    .join("");
}

/** A text in which nothing is read as a reference. */
export function escapeLiteral(text: string): string {
  return text.split("${").join("$${");
}

/** "postgres.host", "datastorage.ports.metrics.url". */
export function referenceText({ service, port, property }: Reference): string {
  return port === undefined ? `${service}.${property}` : `${service}.ports.${port}.${property}`;
}

export function literal(text: string): Template {
  return text === "" ? [] : [text];
}

function parseReference(text: string): Reference | undefined {
  const words = text.trim().split(".");
  if (words.some((word) => !/^[A-Za-z0-9_-]+$/.test(word))) return undefined;
  const [service, property, port, portProperty] = words;
  if (service === undefined || property === undefined) return undefined;
  if (property !== "ports") {
    return words.length === 2 ? { service, property, port: undefined } : undefined;
  }
  if (words.length !== 4 || port === undefined || portProperty === undefined) return undefined;
  return { service, property: portProperty, port };
}
