import { guesses } from "./guesses.ts";
import type { Guess, Signs } from "./signs.ts";

/** The likely cause in plain words. */
export interface Guessed {
  readonly id: string;
  readonly cause: string;
  readonly cure: string;
}

/** The likeliest cause that the evidence speaks for; undefined: it speaks for none. Pure. */
export function guess(signs: Signs): Guessed | undefined {
  for (const candidate of guesses) {
    const found = candidate.find(signs);
    if (found !== undefined) return fill(candidate, found);
  }
  return undefined;
}

function fill({ id, cause, cure }: Guess, found: Readonly<Record<string, string>>): Guessed {
  const put = (text: string) => text.replace(/\{(\w+)\}/g, (whole, key: string) => found[key] ?? whole);
  return { id, cause: put(cause), cure: put(cure) };
}
