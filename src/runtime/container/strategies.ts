import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { machineSocket, ownPodmanService } from "./own-service.ts";

export interface Search {
  readonly kind: "podman" | "docker" | "auto";
  readonly env: NodeJS.ProcessEnv;
}

/** Where an engine may be, or why this way of finding one does not apply. */
export type Found = { readonly address: string } | { readonly why: string };

export interface Strategy {
  readonly name: string;
  /** The user named this engine: when it does not answer, no other one is taken in its stead. */
  readonly binding: boolean;
  find(search: Search): Promise<Found>;
}

/** In the order of trying: what the user named, Podman's places, Docker's places, and a Podman service of our own. */
export const allStrategies: readonly Strategy[] = [
  named("CONTAINER_HOST", "docker"),
  named("DOCKER_HOST", undefined),
  { name: "Docker context", binding: false, find: dockerContext },
  socket("Podman, rootful", "podman", () => "/run/podman/podman.sock"),
  socket("Podman, rootless", "podman", (env) => inRuntimeDir(env, "podman/podman.sock")),
  { name: "Podman machine", binding: false, find: machineSocket },
  socket("Docker, rootful", "docker", () =>
    process.platform === "win32" ? "//./pipe/docker_engine" : "/var/run/docker.sock",
  ),
  socket("Docker, rootless", "docker", (env) => inRuntimeDir(env, "docker.sock")),
  socket("Docker Desktop", "docker", (env) => inHome(env, ".docker/run/docker.sock")),
  socket("Docker Desktop for Linux", "docker", (env) => inHome(env, ".docker/desktop/docker.sock")),
  socket("Colima", "docker", (env) => inHome(env, ".colima/default/docker.sock")),
  socket("Colima, XDG", "docker", (env) => inHome(env, ".config/colima/default/docker.sock")),
  socket("Rancher Desktop", "docker", (env) => inHome(env, ".rd/docker.sock")),
  { name: "a Podman service of our own", binding: false, find: ownPodmanService },
];

function named(variable: string, notFor: "podman" | "docker" | undefined): Strategy {
  return {
    name: variable,
    binding: true,
    async find({ kind, env }) {
      if (kind === notFor) return { why: `not read for ${kind}` };
      const value = env[variable];
      return value === undefined || value === "" ? { why: "not set" } : { address: value };
    },
  };
}

function socket(
  name: string,
  kind: "podman" | "docker",
  path: (env: NodeJS.ProcessEnv) => string | undefined,
): Strategy {
  return {
    name,
    binding: false,
    async find(search) {
      const other = kind === "podman" ? "docker" : "podman";
      if (search.kind === other) return { why: `${other} was asked for` };
      const place = path(search.env);
      if (place === undefined) return { why: "XDG_RUNTIME_DIR is not set" };
      if (!existsSync(place)) return { why: `${place} is not there` };
      return { address: place.startsWith("//") ? `npipe://${place}` : `unix://${place}` };
    },
  };
}

/** The context that `docker context use` or DOCKER_CONTEXT names. */
async function dockerContext({ kind, env }: Search): Promise<Found> {
  if (kind === "podman") return { why: "podman was asked for" };
  const folder = env["DOCKER_CONFIG"] ?? inHome(env, ".docker");
  const name = env["DOCKER_CONTEXT"] || (await currentContext(join(folder, "config.json")));
  if (name === undefined || name === "default") return { why: "no context but the default one is in use" };
  const id = createHash("sha256").update(name).digest("hex");
  const file = join(folder, "contexts/meta", id, "meta.json");
  try {
    const meta = JSON.parse(await readFile(file, "utf8")) as {
      readonly Endpoints?: { readonly docker?: { readonly Host?: string } };
    };
    const address = meta.Endpoints?.docker?.Host;
    return address === undefined ? { why: `the context ${name} has no address` } : { address };
  } catch {
    return { why: `the context ${name} cannot be read (${file})` };
  }
}

async function currentContext(file: string): Promise<string | undefined> {
  try {
    const config = JSON.parse(await readFile(file, "utf8")) as { readonly currentContext?: string };
    return config.currentContext;
  } catch {
    return undefined;
  }
}

function inHome(env: NodeJS.ProcessEnv, path: string): string {
  return join(env["HOME"] || homedir(), path);
}

function inRuntimeDir(env: NodeJS.ProcessEnv, path: string): string | undefined {
  const folder = env["XDG_RUNTIME_DIR"];
  return folder === undefined || folder === "" ? undefined : join(folder, path);
}
