import type { Template } from "./types.ts";

/** Whether a variable of this name holds something that must not be shown. */
export function isSecretName(name: string): boolean {
  if (/(^|_)(FILE|PATH|DIR|URL|TTL|NAME|COUNT|LIMIT|SIZE|LENGTH)$/i.test(name)) return false;
  return /PASSWORD|PASSWD|SECRET|(^|_)(PWD|PASS|TOKEN|KEY|APIKEY|CREDENTIALS?)(_|$)/i.test(name);
}

/** What of these variables must not be shown: values of secret names, passwords in URLs as written and decoded. */
export function secretsIn(variables: Readonly<Record<string, string>>): readonly string[] {
  const found = Object.entries(variables).flatMap(([name, value]) =>
    isSecretName(name) ? [value] : passwordsInUrls(value),
  );
  return found.filter(isWorthHiding);
}

/** Literal values that must never be shown: those of secret names, and passwords inside of URLs. */
export function secretsOf(
  env: Readonly<Record<string, Template>>,
  own: { readonly secrets: readonly string[]; readonly plain: readonly string[] },
): readonly string[] {
  const literals = Object.entries(env).map(([name, template]) => [
    name,
    template.every((part) => typeof part === "string") ? template.join("") : "",
  ]);
  const secrets = [...new Set([...own.secrets, ...secretsIn(Object.fromEntries(literals))])];
  return secrets.filter((secret) => isWorthHiding(secret) && !own.plain.includes(secret));
}

function isWorthHiding(secret: string): boolean {
  return secret.length >= 4 && !dull.test(secret);
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
