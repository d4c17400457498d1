/**
 * JSON that keeps every digit. JavaScript's numbers lose digits beyond 2^53 and turn 1.0 into 1, so a number that
 * would change is carried as a marked string and becomes that very number again when written. The mark begins with
 * U+0000, which no text from outside may contain (PostgreSQL cannot store it), so the two cannot be confused.
 */
const MARK = "\u0000n:";
const MARKED = /"\\u0000n:([^"]+)"/g;
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[[\]{}]/gs;
/** Cheap test for "may hold a number that would change". */
const FRAGILE = /[\d.]{16}|\.\d*0|\d[eE]|-0/;
const MAX_DEPTH = 100;
/** PostgreSQL writes numbers without exponents: more zeros than this in one document would let small bodies explode. */
const MAX_EXPONENT = 400;
const MAX_TOTAL_EXPONENT = 100_000;

/** The text is not JSON that can be stored; `message` says why, for the client. */
export class JsonError extends Error {
  override readonly name = "JsonError";
}

/**
 * Parses JSON from outside.
 * @throws JsonError for broken JSON, more than 100 levels, U+0000, lone surrogates and numbers beyond any use.
 */
export function parseJson(text: string): unknown {
  const checked = needsScan(text) ? scan(text) : text;
  try {
    return JSON.parse(checked);
  } catch (cause) {
    throw new JsonError(`the body is not valid JSON: ${(cause as Error).message.slice(0, 200)}`);
  }
}

/** Decodes UTF-8 strictly. @throws JsonError */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new JsonError("the body is not valid UTF-8");
  }
}

/** The counterpart of {@link parseJson}. */
export function stringifyJson(value: unknown): string {
  const text = JSON.stringify(value);
  return text.includes('"\\u0000n:') ? text.replace(MARKED, "$1") : text;
}

/** Tells by the keys that lead to it whether the numbers of a value stay exactly as written. */
export type ExactAt = (path: readonly string[]) => boolean;

/** Turns marked numbers back into JavaScript numbers, except where they stay exact; places in arrays are no keys. */
export function plainNumbers(
  value: unknown,
  exactAt: ExactAt = () => false,
  path: readonly string[] = [],
): unknown {
  if (typeof value === "string") return isMarked(value) ? Number(value.slice(MARK.length)) : value;
  if (Array.isArray(value)) return value.map((item) => plainNumbers(item, exactAt, path));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const below = [...path, key];
      return [key, exactAt(below) ? item : plainNumbers(item, exactAt, below)];
    }),
  );
}

/** A number that is carried as a text. */
export function isMarked(text: string): boolean {
  return text.startsWith(MARK);
}

function needsScan(text: string): boolean {
  return FRAGILE.test(text) || text.includes("\\u") || deepEnough(text);
}

function deepEnough(text: string): boolean {
  let opened = 0;
  for (let at = 0; at < text.length && opened <= MAX_DEPTH; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5b || code === 0x7b) opened++;
  }
  return opened > MAX_DEPTH;
}

function scan(text: string): string {
  let depth = 0;
  let exponents = 0;
  return text.replace(TOKEN, (token) => {
    const first = token.charCodeAt(0);
    if (first === 0x22) return checkString(token);
    if (first === 0x5b || first === 0x7b) {
      if (++depth > MAX_DEPTH) throw new JsonError(`the body is nested deeper than ${MAX_DEPTH} levels`);
      return token;
    }
    if (first === 0x5d || first === 0x7d) {
      depth--;
      return token;
    }
    exponents += exponentOf(token);
    if (exponents > MAX_TOTAL_EXPONENT)
      throw new JsonError("the body has too many numbers with large exponents");
    return markNumber(token);
  });
}

function checkString(token: string): string {
  if (!token.includes("\\u")) return token;
  let text: unknown;
  try {
    text = JSON.parse(token);
  } catch {
    return token;
  }
  if (typeof text === "string" && text.includes("\u0000")) {
    throw new JsonError("strings must not contain the character U+0000");
  }
  if (typeof text === "string" && !text.isWellFormed()) {
    throw new JsonError("strings must not contain lone surrogates");
  }
  return token;
}

function exponentOf(token: string): number {
  const exponent = Math.abs(Number(/[eE](.*)$/.exec(token)?.[1] ?? 0));
  if (exponent > MAX_EXPONENT)
    throw new JsonError(`numbers with exponents beyond ${MAX_EXPONENT} are not accepted`);
  return exponent;
}

function markNumber(token: string): string {
  // JSON.parse reports malformed numbers such as 01 better than we could.
  if (/^-?0\d/.test(token)) return token;
  if (!/[eE]/.test(token) && String(Number(token)) === token) return token;
  return `"\\u0000n:${withFraction(token)}"`;
}

/** 1e3 is a floating-point number to whoever sent it; jsonb would hand back the integer 1000, but keeps 1.0e3 as 1000.0. */
function withFraction(token: string): string {
  const parts = /^(-?\d+)(?:\.(\d+))?[eE]([+-]?\d+)$/.exec(token);
  if (parts === null) return token;
  const [, whole = "", fraction = "", exponent = "0"] = parts;
  const missing = Number(exponent) - fraction.length;
  if (missing < 0) return token;
  return `${whole}${fraction}${"0".repeat(missing)}`.replace(/^(-?)0+(?=\d)/, "$1").concat(".0");
}
