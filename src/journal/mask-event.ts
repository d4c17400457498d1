import type { Stack } from "../stack/types.ts";
import { createMask, type Mask } from "../util/mask.ts";
import { shown } from "../util/shown.ts";
import type { EventBody } from "./events.ts";

/** Only these hold free text; names, ids and codes stay whole even if a password is the same word. */
const freeText = new Set([
  "observed",
  "text",
  "message",
  "hint",
  "logTail",
  "because",
  "leftovers",
  "runtimeDescription",
]);

/** The same event with its free texts as they may be shown and kept: secrets masked, no terminal escapes. */
export function maskEvent<Body extends EventBody>(body: Body, mask: Mask): Body {
  return maskUnder(body, mask, false) as Body;
}

function maskUnder(value: unknown, mask: Mask, masked: boolean): unknown {
  if (typeof value === "string") return masked ? shown(value, mask) : value;
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map((item) => maskUnder(item, mask, masked));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, maskUnder(item, mask, freeText.has(key))]),
  );
}

/** The mask of a stack. */
export function stackMask(stack: Stack): Mask {
  return createMask(stackSecrets(stack));
}

/**
 * What must not be shown of a stack, and of `more` that somebody else knows of it. A secret that is also the name of the stack or of a unit (user, password and
 * service all called "postgres") is no secret to anybody, and masking it would make every message unreadable.
 */
export function stackSecrets(stack: Stack, more: readonly string[] = []): readonly string[] {
  const names = new Set([stack.name, ...stack.units.map((unit) => unit.name)]);
  const secrets = [...stack.units.flatMap((unit) => unit.secrets), ...more];
  return secrets.filter((secret) => !names.has(secret));
}
