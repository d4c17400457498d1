import type { ContainerfileFacts } from "./containerfile.ts";
import { isTrue, mapOf, type Reading, textOf } from "./context.ts";
import type { TreeMap } from "./tree.ts";
import { parseComposeDuration } from "./units.ts";

/** A service's own check, of its file or of the Containerfile that it is built from. */
export interface Healthcheck {
  readonly argv: readonly string[] | undefined;
  readonly timeoutMs: number;
  /** undefined: nothing names one. */
  readonly budgetMs: number | undefined;
}

/** compose's own defaults for a health check. */
const defaults = { intervalMs: 30_000, timeoutMs: 30_000, retries: 3 };

export function readHealthcheck(reading: Reading, built: ContainerfileFacts): Healthcheck {
  const given = reading.tree["healthcheck"];
  const check = mapOf(given);
  if (given !== undefined && given !== null && check === undefined)
    reading.refuse(["healthcheck"], "expected a map");
  checkKeys(reading, check);
  const off = isTrue(check?.["disable"]) || isNone(check);
  const own = check === undefined || off ? undefined : readTest(reading, check);
  const argv = own ?? (off ? undefined : argvOf(built.healthcheck));
  const spec = { ...(own === undefined && !off ? built.options : {}), ...(check ?? {}) } as TreeMap;
  const timeoutMs = duration(reading, spec, "timeout", defaults.timeoutMs);
  const named = ["timeout", "interval", "retries", "start_period"].some((key) => spec[key] !== undefined);
  const budgetMs = argv === undefined && !named ? undefined : readBudget(reading, spec, timeoutMs);
  return { argv, timeoutMs, budgetMs: off ? undefined : budgetMs };
}

const keys = ["test", "interval", "timeout", "retries", "start_period", "start_interval", "disable"];

function checkKeys(reading: Reading, check: TreeMap | undefined): void {
  for (const key of Object.keys(check ?? {})) {
    if (!keys.includes(key) && !key.startsWith("x-"))
      reading.refuse(["healthcheck", key], `unknown key; expected one of ${keys.join(", ")}`);
  }
}

function isNone(check: TreeMap | undefined): boolean {
  const test = check?.["test"];
  return Array.isArray(test) && test[0] === "NONE";
}

function readTest(reading: Reading, check: TreeMap): readonly string[] | undefined {
  const test = check["test"];
  if (test === undefined || test === null) return undefined;
  if (typeof test === "string") return test === "" ? undefined : argvOf(["CMD-SHELL", test]);
  const argv = Array.isArray(test) ? argvOf(test.map((part) => textOf(part) ?? "")) : undefined;
  if (argv === undefined)
    reading.refuse(["healthcheck", "test"], 'expected a text, ["CMD", …], ["CMD-SHELL", "…"] or ["NONE"]');
  return argv;
}

function argvOf(test: readonly string[] | undefined): readonly string[] | undefined {
  const [form, ...rest] = test ?? [];
  if (form === "CMD" && rest.length > 0) return rest;
  // The engines, too, hand only the first word to the shell; further ones are its $0, $1, …
  if (form === "CMD-SHELL" && rest.length > 0) return ["/bin/sh", "-c", ...rest];
  return undefined;
}

/**
 * As long as an engine would take to say "unhealthy": start_period, and for every retry its time-out or its interval,
 * whichever is longer.
 */
function readBudget(reading: Reading, check: TreeMap, timeoutMs: number): number {
  const intervalMs = duration(reading, check, "interval", defaults.intervalMs);
  const startMs = duration(reading, check, "start_period", 0);
  duration(reading, check, "start_interval", 0);
  const given = check["retries"];
  const retries = given === undefined || given === null ? defaults.retries : Number(textOf(given));
  if (!Number.isInteger(retries) || retries < 0)
    reading.refuse(["healthcheck", "retries"], `expected a whole number, found "${textOf(given) ?? ""}"`);
  const times = Math.max(1, retries || defaults.retries);
  return Math.round(startMs + times * Math.max(timeoutMs, intervalMs));
}

function duration(reading: Reading, check: TreeMap, key: string, fallback: number): number {
  const given = check[key];
  if (given === undefined || given === null) return fallback;
  const ms = parseComposeDuration(given);
  if (ms === undefined)
    reading.refuse(["healthcheck", key], `expected a time like 5s or 1m30s, found "${textOf(given) ?? ""}"`);
  // Zero is the engines' word for their default.
  return ms === undefined || (ms === 0 && fallback > 0) ? fallback : ms;
}
