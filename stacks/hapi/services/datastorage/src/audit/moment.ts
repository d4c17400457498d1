import { normaliseTimestamp } from "../timestamp.ts";

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * A point in time of a query: a span back from now ("24h", "7d", "30m"), RFC 3339, or a date, which means its first
 * instant in UTC.
 * @returns RFC 3339, or undefined when the text is none of these.
 */
export function parseMoment(text: string, nowMs: number): string | undefined {
  const [, amount, unit = ""] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (amount !== undefined) {
    const at = nowMs - Number(amount) * (UNIT_MS[unit] ?? 0);
    return at > Date.UTC(1, 0, 1) ? new Date(at).toISOString() : undefined;
  }
  // A plus sign that nobody encoded arrives as a space.
  const full = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text.replace(/ (?=\d\d:\d\d$)/, "+");
  return normaliseTimestamp(full)?.text;
}
