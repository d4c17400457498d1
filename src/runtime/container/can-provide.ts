import { lookup } from "node:dns/promises";
import { connect } from "node:net";
import type { Stack, Unit } from "../../stack/types.ts";
import type { Runtime } from "../types.ts";
import { basesOf } from "./images/bases.ts";
import { isLocalOnly, registryOf } from "./images/reference.ts";
import { ContainerRuntime } from "./runtime.ts";

export type Provision = { readonly ok: true } | { readonly ok: false; readonly why: string };

const reachLimitMs = 500;

/** Whether the stack's images are in the engine or can be had: a quick look, nothing is pulled or built. */
export async function canProvide(runtime: Runtime, stack: Stack): Promise<Provision> {
  if (!(runtime instanceof ContainerRuntime)) return { ok: true };
  const reached = new Map<string, Promise<boolean>>();
  const reachable = (reference: string) => {
    const registry = registryOf(reference);
    const known = reached.get(registry) ?? canReach(registry);
    reached.set(registry, known);
    return known;
  };
  const problems = await Promise.all(stack.units.map((unit) => problemOf(runtime, unit, reachable)));
  const why = problems.find((problem) => problem !== undefined);
  return why === undefined ? { ok: true } : { ok: false, why };
}

async function problemOf(
  { images }: ContainerRuntime,
  { name, container }: Unit,
  reachable: (reference: string) => Promise<boolean>,
): Promise<string | undefined> {
  if (container === undefined) return `${name} has neither an image nor a build`;
  const { image } = container;
  const references = image.kind === "image" ? [image.reference] : await basesOf(image);
  if (references === undefined) return `the Containerfile of ${name} cannot be read`;
  const pulls = image.kind === "build" || image.pull !== "never";
  for (const reference of references) {
    if ((await images.find(reference)) !== undefined) continue;
    const what = `the image ${reference} of ${name} is not there`;
    if (isLocalOnly(reference)) return `${what}, and is local-only`;
    if (!pulls) return `${what}, and is never pulled`;
    if (!(await reachable(reference))) return `${what}, and its registry cannot be reached`;
  }
  return undefined;
}

async function canReach(registry: string): Promise<boolean> {
  const [host = registry, port = "443"] = (
    registry === "docker.io" ? "registry-1.docker.io" : registry
  ).split(":");
  const limit = AbortSignal.timeout(reachLimitMs);
  const connected = async () => {
    const { address } = await lookup(host);
    return new Promise<boolean>((resolve) => {
      const socket = connect({ host: address, port: Number(port), signal: limit });
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
      socket.once("close", () => socket.destroy());
      socket.once("connect", () => socket.destroy());
    });
  };
  const late = new Promise<false>((resolve) => {
    limit.addEventListener("abort", () => resolve(false), { once: true });
  });
  return Promise.race([connected().catch(() => false), late]);
}
