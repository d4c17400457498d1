import type { Engine, RequestOptions } from "./engine.ts";
import type { EngineVersion } from "./engine-types.ts";

/** Who answers at an engine's address. */
export interface EngineIdentity {
  readonly kind: "podman" | "docker";
  readonly version: string;
  /** Of the machine that its containers run on, as images name it. Asked for once, when somebody needs it. */
  readonly architecture: () => Promise<string>;
}

/**
 * By the `Server` header of a ping: Podman takes a third of a second for its `/version`, which is asked where something
 * in between has taken the header away.
 */
export async function identifyEngine(
  engine: Engine,
  limits: Pick<RequestOptions, "limitMs" | "signal">,
): Promise<EngineIdentity> {
  let asked: Promise<EngineVersion> | undefined;
  const ask = (): Promise<EngineVersion> => {
    asked ??= engine.get<EngineVersion>("/version", limits);
    return asked;
  };
  const architecture = async () => (await ask()).Arch;
  const { headers } = await engine.request("GET", "/_ping", limits);
  const [, product, version] = /^(Libpod|Docker)\/(\S+)/.exec(String(headers["server"] ?? "")) ?? [];
  if (version !== undefined)
    return { kind: product === "Libpod" ? "podman" : "docker", version, architecture };
  const { Components = [], Version } = await ask();
  const isPodman = Components.some(({ Name }) => Name === "Podman Engine");
  return { kind: isPodman ? "podman" : "docker", version: Version, architecture };
}
