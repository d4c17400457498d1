/** An instant of RFC 3339 in UTC, cut to microseconds, which is what PostgreSQL keeps. */
export interface Timestamp {
  readonly text: string;
  /** The day in UTC, "YYYY-MM-DD". */
  readonly date: string;
  readonly epochMs: number;
}

const RFC3339 =
  /^(\d{4})-(\d\d)-(\d\d)[Tt]([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(?:\.(\d+))?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** @returns undefined when the text is not RFC 3339, names a day that does not exist, or leaves the years 1 to 9999. */
export function normaliseTimestamp(text: string): Timestamp | undefined {
  const parts = RFC3339.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = "", offset = "Z"] = parts;
  if (Number(day) > daysIn(Number(year), Number(month))) return undefined;
  const zone = offset.toUpperCase();
  // A leap second is the first of the next minute, as it is to PostgreSQL.
  const leap = second === "60";
  const parsed = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${leap ? "59" : second}${zone}`);
  const seconds = leap ? parsed + 1000 : parsed;
  if (Number.isNaN(seconds)) return undefined;
  const utc = new Date(seconds).toISOString();
  if (!/^\d{4}-/.test(utc) || utc.startsWith("0000")) return undefined;
  const micros = fraction.slice(0, 6).padEnd(6, "0");
  const shown = micros.endsWith("000") ? micros.slice(0, 3) : micros;
  return {
    text: `${utc.slice(0, 19)}.${shown}Z`,
    date: utc.slice(0, 10),
    epochMs: seconds + Number(micros) / 1000,
  };
}

function daysIn(year: number, month: number): number {
  if (month < 1 || month > 12) return 0;
  return new Date(Date.UTC(year === 0 ? 4 : year, month, 0)).getUTCDate();
}
