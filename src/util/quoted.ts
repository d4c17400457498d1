import { escaped } from "./visible.ts";

/** A string in quotes, hidden characters escaped, cut after `most` characters. */
export function quoted(text: string, most = 60): string {
  const cut = text.length > most ? `${text.slice(0, most)}…` : text;
  return escaped(JSON.stringify(cut));
}

/** A value in a few words, for messages. */
export function described(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null (an empty value)";
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  if (typeof value === "object") {
    const keys = Object.keys(value);
    if (keys.length === 0) return "an empty mapping";
    const shown = keys.slice(0, 4).map((key) => quoted(key, 30));
    return `a mapping with ${shown.join(", ")}${keys.length > 4 ? ", …" : ""}`;
  }
  return `a ${typeof value}`;
}
