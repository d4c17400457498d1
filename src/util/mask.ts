import type { Json } from "./json.ts";

/** Replaces every secret in a text. */
export type Mask = (text: string) => string;

const shortestSecret = 4;
/** A line of a secret that has several is hidden by itself from so many characters on; shorter ones tell nothing. */
const shortestLine = 8;
/** So much of a secret's beginning gives it away. */
const shortestBeginning = 3;
const replacement = "***";

/**
 * A function that replaces every secret by `***`: as it is, percent-encoded (as in URLs), and escaped (as in JSON); of
 * one with several lines each line as well, and whatever of a secret a cut (`…`) has left. Longest first, so that no
 * part of a longer secret stays. Secrets under 4 characters are left: they would hide half of every text and protect
 * nothing.
 */
export function createMask(secrets: readonly string[]): Mask {
  const known = secrets.filter((secret) => secret.length >= shortestSecret);
  const forms = [...new Set([...known, ...known.flatMap(linesOf)].flatMap(formsOf))];
  if (forms.length === 0) return (text) => text;
  forms.sort((a, b) => b.length - a.length);
  const pattern = new RegExp(forms.map(escapeRegExp).join("|"), "g");
  return (text) => withoutBeginnings(text.replace(pattern, replacement), forms);
}

/** Logs are read line by line. */
function linesOf(secret: string): string[] {
  const lines = secret.split(/\r\n|\n|\r/).map((line) => line.trim());
  return lines.length === 1 ? [] : lines.filter((line) => line.length >= shortestLine);
}

/** Who cuts a text marks the cut with "…": in front of it may stand a secret's beginning. */
function withoutBeginnings(text: string, forms: readonly string[]): string {
  if (!text.includes("…")) return text;
  const pieces = text.split("…");
  const last = pieces.pop() ?? "";
  return [...pieces.map((piece) => withoutBeginning(piece, forms)), last].join("…");
}

function withoutBeginning(piece: string, forms: readonly string[]): string {
  const starts = forms.map((form) => beginningIn(piece, form)).filter((at) => at !== -1);
  return starts.length === 0 ? piece : `${piece.slice(0, Math.min(...starts))}${replacement}`;
}

/** Where the secret begins that the end of the text has cut off; -1: nowhere. */
function beginningIn(text: string, form: string): number {
  const beginning = form.slice(0, shortestBeginning);
  let at = text.indexOf(beginning, Math.max(0, text.length - form.length));
  while (at !== -1 && !form.startsWith(text.slice(at))) at = text.indexOf(beginning, at + 1);
  return at;
}

/** Masks every text in a JSON value, keys too. */
export function maskDeep(value: Json, mask: Mask): Json {
  if (typeof value === "string") return mask(value);
  if (value === null || typeof value !== "object") return value;
  if (isList(value)) return value.map((item) => maskDeep(item, mask));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [mask(key), maskDeep(item, mask)]));
}

function isList(value: object): value is readonly Json[] {
  return Array.isArray(value);
}

function formsOf(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const forms = [secret, json];
  // A lone surrogate cannot be percent-encoded by anybody.
  if (/\p{Surrogate}/u.test(secret)) return forms;
  const encoded = encodeURIComponent(secret);
  // encodeURIComponent leaves !'()* alone, other encoders do not; forms put "+" for a space, many write lower-case hex.
  const strict = encoded.replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const lower = (text: string) => text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  return [
    ...forms,
    encoded,
    strict,
    lower(encoded),
    lower(strict),
    strict.replaceAll("%20", "+"),
    encodeURI(secret),
  ];
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
