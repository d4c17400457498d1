import { RollcallError } from "../../errors/rollcall-error.ts";
import { parseEndpoint } from "./endpoint.ts";
import { Engine } from "./engine.ts";
import { identifyEngine } from "./identity.ts";
import { hadOwnPodmanService, ownPodmanAddress, ownPodmanService } from "./own-service.ts";
import { ContainerRuntime } from "./runtime.ts";
import { allStrategies, type Search, type Strategy } from "./strategies.ts";

/** An engine that does not say who it is within this time is not taken; a busy Podman needs seconds for it. */
const answerLimitMs = 20_000;

export interface FindOptions {
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** Ways of finding an engine, tried in this order. @default all */
  readonly strategies?: readonly Strategy[];
  /** Aborting it ends the search with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** For the whole search, in milliseconds. @default as long as it takes */
  readonly limitMs?: number | undefined;
}

/**
 * The first engine of the kind that answers.
 * @throws RUNTIME_UNAVAILABLE with the reason of every way that was tried.
 */
export async function findContainerRuntime(
  kind: "podman" | "docker" | "auto",
  {
    env = process.env,
    strategies = allStrategies,
    signal,
    limitMs = Number.POSITIVE_INFINITY,
  }: FindOptions = {},
): Promise<ContainerRuntime> {
  const until = performance.now() + limitMs;
  const reasons: string[] = [];
  let bound: string | undefined;
  for (const strategy of strategies) {
    if (bound !== undefined) {
      reasons.push(`${strategy.name}: not tried, since ${bound} names an engine`);
      continue;
    }
    const tried = await attempt(strategy, { kind, env }, { until, signal });
    signal?.throwIfAborted();
    if ("runtime" in tried) return tried.runtime;
    reasons.push(`${strategy.name}: ${tried.why}`);
    if (strategy.binding && tried.named && tried.fits) bound = strategy.name;
  }
  const wanted = kind === "auto" ? "container engine" : kind === "podman" ? "Podman" : "Docker";
  throw new RollcallError("RUNTIME_UNAVAILABLE", {
    message: `No ${wanted} was found:\n${reasons.map((reason) => `  ${reason}`).join("\n")}`,
  });
}

/**
 * The very engine that a run is on, at the address that its runtime gave; a Podman service of our own that has ended
 * meanwhile is started again.
 * @throws RUNTIME_UNAVAILABLE
 */
export async function findEngineAt(
  address: string,
  kind: "podman" | "docker",
  limits: Pick<FindOptions, "signal" | "limitMs"> = {},
): Promise<ContainerRuntime> {
  const { CONTAINER_HOST: _, DOCKER_HOST: __, ...env } = process.env;
  const there: Strategy = { name: "the run's engine", binding: false, find: async () => ({ address }) };
  const ours: Strategy = {
    name: "a Podman service of our own",
    binding: false,
    async find(search) {
      if (address !== ownPodmanAddress()) return { why: `it is not at ${address}` };
      return ownPodmanService(search);
    },
  };
  return findContainerRuntime(kind, { ...limits, env, strategies: [there, ours] });
}

/** One engine of each kind, as far as they answer; a Podman service of our own only where there has been one. */
export async function findEngines(): Promise<readonly ContainerRuntime[]> {
  const strategies = allStrategies.filter(({ find }) => find !== ownPodmanService || hadOwnPodmanService());
  const searches = (["podman", "docker"] as const).map((kind) =>
    findContainerRuntime(kind, { strategies }).catch(() => undefined),
  );
  return (await Promise.all(searches)).filter((found) => found !== undefined);
}

type Attempt =
  | { readonly runtime: ContainerRuntime }
  /** `fits`: as far as is known, it is of the kind that was asked for. */
  | { readonly why: string; readonly named: boolean; readonly fits: boolean };

interface AttemptLimits {
  readonly until: number;
  readonly signal: AbortSignal | undefined;
}

async function attempt(
  strategy: Strategy,
  search: Search,
  { until, signal }: AttemptLimits,
): Promise<Attempt> {
  const found = await strategy.find(search);
  if ("why" in found) return { why: found.why, named: false, fits: false };
  const { kind, env } = search;
  try {
    const engine = new Engine(parseEndpoint(found.address, env), env);
    const leftMs = Math.max(1, Math.round(until - performance.now()));
    const limitMs = Math.min(answerLimitMs, leftMs);
    const identity = await identifyEngine(engine, { limitMs, ...(signal && { signal }) });
    if (kind === "auto" || kind === identity.kind) return { runtime: new ContainerRuntime(engine, identity) };
    return { why: `${found.address} is ${identity.kind}, not ${kind}`, named: true, fits: false };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    // DOCKER_HOST of somebody who asks for Podman is most likely about Docker.
    return { why, named: true, fits: !(kind === "podman" && strategy.name === "DOCKER_HOST") };
  }
}
