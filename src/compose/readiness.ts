import type { Port, ProbeSpec } from "../stack/types.ts";
import type { ContainerfileFacts } from "./containerfile.ts";
import type { Reading } from "./context.ts";
import { readHealthcheck } from "./healthcheck.ts";
import type { ImageUse, KnownImage } from "./image-types.ts";
import { knownImage, probeOfPort, serverOf } from "./known-images.ts";
import { readExposed, withNeededPort } from "./published.ts";

export interface Readiness {
  readonly ready: ProbeSpec;
  readonly budgetMs: number;
  /** With the port that the probe needs. */
  readonly ports: readonly Port[];
}

/** For services whose file names no budget. */
const defaultBudgetMs = 60_000;
/** A foreign check may be dear: it is not run more often than this. */
const execIntervalMs = 100;

type Suggestion = Pick<Readiness, "ready" | "ports">;

/**
 * The file's health check at our own cadence, and beside it the protocol of the server, where a local check is known to
 * say yes too early: `pg_isready` and `mysqladmin ping` also do so while the image's init server runs.
 */
export function readReadiness(
  reading: Reading,
  use: ImageUse | undefined,
  built: ContainerfileFacts,
  ports: readonly Port[],
): Readiness {
  const check = readHealthcheck(reading, built);
  // Another command may well not serve what the image was made to serve.
  const own = reading.tree["command"] === undefined && reading.tree["entrypoint"] === undefined;
  const exposed = [...readExposed(reading), ...(own ? built.exposed : [])];
  const declared = [...ports.map(({ container }) => container), ...exposed];
  const server = serverOf(use, declared);
  const budgetMs = check.budgetMs ?? defaultBudgetMs;
  if (check.argv === undefined) {
    const suggested = server === undefined ? undefined : suggestServer(server, use, ports);
    return { ...(suggested ?? suggestPort(reading, use, ports, exposed)), budgetMs };
  }
  const probe: ProbeSpec = {
    kind: "exec",
    argv: check.argv,
    timeoutMs: check.timeoutMs,
    intervalMs: execIntervalMs,
  };
  if (server === undefined || use === undefined || !isProvenToo(server, use, declared))
    return { ready: probe, budgetMs, ports };
  const suggested = suggestServer(server, use, ports);
  return { ready: { kind: "all", probes: [suggested.ready, probe] }, budgetMs, ports: suggested.ports };
}

function isProvenToo(server: KnownImage, use: ImageUse, declared: readonly number[]): boolean {
  if (server.scheme === "http" || server.scheme === "tcp") return false;
  if (server.initServer === true || server.scheme === "redis") return true;
  return declared.includes(server.portOf?.(use) ?? server.port);
}

function suggestServer(server: KnownImage, use: ImageUse | undefined, ports: readonly Port[]): Suggestion {
  const inUse = use ?? { reference: "", env: {}, words: [], confs: [] };
  const port = server.portOf?.(inUse) ?? server.port;
  const moved = server.scheme === "http" && !ports.some(({ container }) => container === port);
  const needed = withNeededPort(ports, (moved ? ports[0]?.container : undefined) ?? port, server);
  return { ready: server.probe(inUse)(needed.name), ports: needed.ports };
}

function suggestPort(
  reading: Reading,
  use: ImageUse | undefined,
  ports: readonly Port[],
  exposed: readonly number[],
): Suggestion {
  const containers = [...ports.map(({ container }) => container), ...exposed];
  const spoken = containers.find((port) => probeOfPort(port, use?.reference) !== undefined);
  const first = spoken ?? containers[0];
  if (first === undefined) return { ready: { kind: "running" }, ports };
  const needed = withNeededPort(ports, first, undefined);
  const probe = probeOfPort(first, use?.reference);
  if (probe !== undefined) return { ready: probe(needed.name), ports: needed.ports };
  if (knownImage(use?.reference)?.scheme !== "tcp")
    reading.note(
      [],
      `has no healthcheck, and nothing tells what speaks on port ${first}: only that it listens is proven`,
    );
  return { ready: { kind: "tcp", port: needed.name }, ports: needed.ports };
}
