import type { Json } from "./json.ts";

/** Replaces every secret in a text. */
export type Mask = (text: string) => string;

const shortestSecret = 4;
const replacement = "***";

/**
 * A function that replaces every secret by `***`: as it is, percent-encoded (as in URLs), and escaped (as in JSON).
 * Longest first, so that no part of a longer secret stays. Secrets under 4 characters are left: they would hide
 * half of every text and protect nothing.
 */
export function createMask(secrets: readonly string[]): Mask {
  const forms = new Set(secrets.filter((secret) => secret.length >= shortestSecret).flatMap(formsOf));
  if (forms.size === 0) return (text) => text;
  const alternatives = [...forms].sort((a, b) => b.length - a.length).map(escapeRegExp);
  const pattern = new RegExp(alternatives.join("|"), "g");
  return (text) => text.replace(pattern, replacement);
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
