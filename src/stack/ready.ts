import { parseDuration } from "../util/duration.ts";
import { nearest } from "../util/nearest.ts";
import { quoted } from "../util/quoted.ts";
import type { Context } from "./context.ts";
import { readPath } from "./context.ts";
import type { Path } from "./problem.ts";
import type { RawReady, RawUnit } from "./raw.ts";
import type { Port, ProbeSpec } from "./types.ts";

const kinds = ["http", "tcp", "exec", "log", "postgres", "redis", "handshake", "running"] as const;
const example =
  'write for example ready: {http: /health}, {tcp: true}, {exec: ["true"]} or {log: "listening"}';

/** The probe of a service; a task has none. undefined: a problem was told. */
export function buildReady(context: Context, raw: RawUnit, ports: readonly Port[]): ProbeSpec | undefined {
  const path = [...context.path, "ready"];
  if (raw.ready === undefined) {
    context.problems.add({
      path,
      text: `service "${context.unit}" has no readiness probe`,
      expected: "ready, which proves that the service answers",
      found: "nothing",
      mend: example,
    });
    return undefined;
  }
  if (!Array.isArray(raw.ready)) return buildProbe(context, path, raw.ready, ports);
  const probes = raw.ready.map((probe, index) => buildProbe(context, [...path, index], probe, ports));
  const sound = probes.filter((probe) => probe !== undefined);
  return { kind: "all", probes: sound };
}

function buildProbe(
  context: Context,
  path: Path,
  raw: RawReady,
  ports: readonly Port[],
): ProbeSpec | undefined {
  const given = kinds.filter((kind) => raw[kind] !== undefined);
  const [kind] = given;
  if (kind === undefined || given.length > 1) {
    if (context.problems.touches(path)) return undefined;
    context.problems.add({
      path,
      text: "a probe looks in exactly one way",
      expected: `one of ${kinds.join(", ")}`,
      found: given.length === 0 ? "none" : given.join(" and "),
      mend: given.length === 0 ? example : "keep one, or write a list of probes",
    });
    return undefined;
  }
  const spec = probeSpec(context, [...path, kind], raw);
  if (spec !== undefined && "port" in spec) checkPort(context, [...path, kind], spec.port, ports);
  return spec;
}

function probeSpec(context: Context, path: Path, raw: RawReady): ProbeSpec | undefined {
  if (raw.http !== undefined) return httpSpec(context, path, raw.http);
  if (raw.tcp !== undefined) return { kind: "tcp", port: raw.tcp === true ? undefined : raw.tcp.port };
  if (raw.exec !== undefined) return execSpec(raw.exec);
  if (raw.log !== undefined) {
    const { pattern, times = 1 } = typeof raw.log === "string" ? { pattern: raw.log } : raw.log;
    checkPattern(context, path, pattern);
    return { kind: "log", pattern, times };
  }
  if (raw.postgres !== undefined) return { kind: "postgres", port: undefined, ...raw.postgres };
  if (raw.redis !== undefined) {
    const { port, username, password } = raw.redis === true ? {} : raw.redis;
    return { kind: "redis", port, username, password };
  }
  if (raw.running !== undefined) return { kind: "running" };
  if (raw.handshake === undefined) return undefined;
  if (typeof raw.handshake !== "string") return { kind: "handshake", port: undefined, ...raw.handshake };
  return { kind: "handshake", protocol: raw.handshake, port: undefined };
}

function httpSpec(context: Context, path: Path, raw: NonNullable<RawReady["http"]>): ProbeSpec {
  const { status = 200, tls, ...rest } = typeof raw === "string" ? { path: raw } : raw;
  for (const [name, pattern] of Object.entries(rest.headerMatch ?? {})) {
    checkPattern(context, [...path, "headerMatch", name], pattern);
  }
  if (rest.bodyMatch !== undefined) checkPattern(context, [...path, "bodyMatch"], rest.bodyMatch);
  const { insecure = false, caFile } = typeof tls === "object" ? tls : {};
  return {
    kind: "http",
    port: rest.port,
    path: rest.path,
    method: rest.method ?? "GET",
    status: typeof status === "number" ? [status] : typeof status === "string" ? rangeOf(status) : status,
    headers: rest.headers ?? {},
    headerMatch: rest.headerMatch ?? {},
    bodyMatch: rest.bodyMatch,
    tls:
      tls === undefined || tls === false
        ? undefined
        : {
            insecure,
            caFile: caFile === undefined ? undefined : readPath(context, [...path, "tls", "caFile"], caFile),
          },
  };
}

/** "200-499". */
function rangeOf(text: string): readonly number[] {
  const [first = 0, last = 0] = text.split("-").map(Number);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}

function execSpec(raw: NonNullable<RawReady["exec"]>): ProbeSpec {
  const { command, timeout = "5s", interval = "500ms" } = Array.isArray(raw) ? { command: raw } : raw;
  return {
    kind: "exec",
    argv: command,
    timeoutMs: parseDuration(String(timeout)) ?? 0,
    intervalMs: parseDuration(String(interval)) ?? 0,
  };
}

function checkPattern(context: Context, path: Path, pattern: string): void {
  try {
    new RegExp(pattern);
  } catch (error) {
    context.problems.add({
      path,
      text: "this is not a regular expression",
      expected: "a regular expression of JavaScript",
      found: `${quoted(pattern)}: ${error instanceof Error ? error.message : String(error)}`,
      mend: "correct the pattern",
    });
  }
}

function checkPort(context: Context, path: Path, name: string | undefined, ports: readonly Port[]): void {
  if (context.problems.touches([...context.path, "ports"])) return;
  const names = ports.map((port) => port.name);
  if (name === undefined ? names.length > 0 : names.includes(name)) return;
  const near = name === undefined ? undefined : nearest(name, names);
  context.problems.add({
    path: name === undefined ? path : [...path, "port"],
    text:
      name === undefined
        ? `service "${context.unit}" has no port to look at`
        : `service "${context.unit}" has no port "${name}"`,
    expected: names.length === 0 ? "a port under ports" : `one of ${names.join(", ")}`,
    found: name === undefined ? "no ports" : quoted(name),
    mend: near === undefined ? "add the port to ports" : `write "${near}"`,
  });
}
