import type { Port, ProbeSpec } from "../stack/types.ts";
import { isTrue, mapOf, type Reading, textOf } from "./context.ts";
import { type Env, knownImage, type ProbeOnPort, probeOfPort } from "./known-images.ts";
import { withNeededPort } from "./published.ts";
import type { TreeMap } from "./tree.ts";
import { parseComposeDuration } from "./units.ts";

export interface Readiness {
  readonly ready: ProbeSpec;
  readonly budgetMs: number;
  /** With the port that the probe needs. */
  readonly ports: readonly Port[];
}

/** compose's own defaults for a health check. */
const defaults = { intervalMs: 30_000, timeoutMs: 30_000, retries: 3 };
/** For services whose file names no budget. */
const defaultBudgetMs = 60_000;
/** A foreign check may be dear: it is not run more often than this. */
const execIntervalMs = 100;

/**
 * The file's health check at our own cadence, and beside it the protocol that the image is known to speak: `pg_isready`
 * also says yes while the image's init server runs.
 */
export function readReadiness(
  reading: Reading,
  image: string | undefined,
  env: Env,
  command: readonly string[],
  ports: readonly Port[],
): Readiness {
  const check = mapOf(reading.tree["healthcheck"]);
  if (reading.tree["healthcheck"] !== undefined && check === undefined)
    reading.refuse(["healthcheck"], "expected a map");
  const test = check === undefined ? undefined : readTest(reading, check);
  const suggested = suggest(reading, image, env, command, ports, test === undefined);
  if (check === undefined || test === undefined) return { ...suggested, budgetMs: defaultBudgetMs };
  const probe: ProbeSpec = {
    kind: "exec",
    argv: test,
    timeoutMs: duration(reading, check, "timeout", defaults.timeoutMs),
    intervalMs: execIntervalMs,
  };
  const budgetMs = readBudget(reading, check);
  return knownImage(image) === undefined
    ? { ready: probe, budgetMs, ports }
    : { ready: { kind: "all", probes: [suggested.ready, probe] }, budgetMs, ports: suggested.ports };
}

function readTest(reading: Reading, check: TreeMap): readonly string[] | undefined {
  if (isTrue(check["disable"])) return undefined;
  const test = check["test"];
  if (test === undefined || test === null) return undefined;
  if (typeof test === "string") return ["/bin/sh", "-c", test];
  const [form, ...rest] = Array.isArray(test) ? test.map((part) => textOf(part) ?? "") : [];
  if (form === "NONE") return undefined;
  if (form === "CMD" && rest.length > 0) return rest;
  if (form === "CMD-SHELL" && rest.length === 1) return ["/bin/sh", "-c", rest[0] ?? ""];
  reading.refuse(["healthcheck", "test"], 'expected a text, ["CMD", …], ["CMD-SHELL", "…"] or ["NONE"]');
  return undefined;
}

/**
 * As long as compose would wait before it says "unhealthy": start_period, then every retry with its interval or its
 * time-out, whichever is longer.
 */
function readBudget(reading: Reading, check: TreeMap): number {
  const timeoutMs = duration(reading, check, "timeout", defaults.timeoutMs);
  const intervalMs = duration(reading, check, "interval", defaults.intervalMs);
  const startMs = duration(reading, check, "start_period", 0);
  const given = check["retries"];
  const retries = given === undefined ? defaults.retries : Number(given);
  if (!Number.isInteger(retries) || retries < 0)
    reading.refuse(["healthcheck", "retries"], "expected a whole number");
  return Math.round(startMs + Math.max(1, retries || defaults.retries) * Math.max(timeoutMs, intervalMs));
}

function duration(reading: Reading, check: TreeMap, key: string, fallback: number): number {
  const given = check[key];
  if (given === undefined || given === null) return fallback;
  const ms = parseComposeDuration(given);
  if (ms === undefined)
    reading.refuse(["healthcheck", key], `expected a time like 5s or 1m30s, found "${textOf(given)}"`);
  return ms ?? fallback;
}

function suggest(
  reading: Reading,
  image: string | undefined,
  env: Env,
  command: readonly string[],
  ports: readonly Port[],
  alone: boolean,
): { ready: ProbeSpec; ports: readonly Port[] } {
  const known = knownImage(image);
  if (known !== undefined) {
    const own =
      known.scheme === "http" && !ports.some((port) => port.container === known.port) ? ports[0] : undefined;
    const needed = withNeededPort(ports, own?.container ?? known.port, image);
    return { ready: known.probe(env, command)(needed.name), ports: needed.ports };
  }
  const first = ports[0];
  const probe: ProbeOnPort | undefined = first === undefined ? undefined : probeOfPort(first.container);
  if (first !== undefined && probe !== undefined) return { ready: probe(first.name), ports };
  if (first !== undefined) {
    if (alone)
      reading.note(
        [],
        `has no healthcheck, and nothing tells what speaks on port ${first.container}: only "it listens" is proven`,
      );
    return { ready: { kind: "tcp", port: first.name }, ports };
  }
  if (alone) reading.note([], 'has neither healthcheck nor ports: only "it runs" is proven');
  return { ready: { kind: "running" }, ports };
}
