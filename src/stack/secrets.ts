import type { Template } from "./types.ts";

/** Whether a variable of this name holds something that must not be shown. */
export function isSecretName(name: string): boolean {
  if (/(^|_)(FILE|PATH|DIR|URL|TTL|NAME|COUNT|LIMIT|SIZE|LENGTH)$/i.test(name)) return false;
  return /PASSWORD|PASSWD|SECRET|(^|_)(PWD|PASS|TOKEN|KEY|APIKEY|CREDENTIALS?)(_|$)/i.test(name);
}

/** Literal values that must never be shown: those of secret names, and passwords inside of URLs. */
export function secretsOf(
  env: Readonly<Record<string, Template>>,
  own: { readonly secrets: readonly string[]; readonly plain: readonly string[] },
): readonly string[] {
  const values = Object.entries(env).flatMap(([name, template]) => {
    const literal = template.every((part) => typeof part === "string") ? template.join("") : "";
    return isSecretName(name) ? [literal] : passwordsInUrls(literal);
  });
  const secrets = [...new Set([...own.secrets, ...values])];
  return secrets.filter((secret) => secret.length >= 4 && !dull.test(secret) && !own.plain.includes(secret));
}

// Masking these would hide half of every log and protect nothing.
const dull = /^(true|false|none|null|disabled|enabled|\d{1,5})$/i;

function passwordsInUrls(text: string): string[] {
  return [...text.matchAll(/[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:([^\s@/]+)@/gi)].flatMap(([, found]) => {
    if (found === undefined) return [];
    try {
      return [...new Set([found, decodeURIComponent(found)])];
    } catch {
      return [found];
    }
  });
}
