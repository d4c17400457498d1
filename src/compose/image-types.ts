import type { ProbeSpec, ProcessForm } from "../stack/types.ts";

/** What an image's name tells of the service inside. */
export interface KnownImage {
  /** Names of repositories, without registry and owner, as a regular expression. */
  readonly names: string;
  /** The port it listens on when nothing says otherwise. */
  readonly port: number;
  readonly scheme: string;
  probe(use: ImageUse): ProbeOnPort;
  /** Names of its server's programs, as a regular expression: a command without them runs something else. */
  readonly programs?: string;
  /**
   * Its init phase answers local health checks too early: the protocol is proven beside whatever the file asks for.
   */
  readonly initServer?: true;
  /** How its image says that it is stopped, if not by SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
  /** The port that its command or environment sets. */
  portOf?(use: ImageUse): number | undefined;
  /** How it runs without an engine; undefined: it cannot. */
  process?(use: ImageUse): ProcessForm | undefined;
  facts?(use: ImageUse): Readonly<Record<string, string>>;
}

/** What a service makes of its image. */
export interface ImageUse {
  readonly reference: string;
  readonly env: Env;
  /** Entrypoint and command, as far as the file gives them. */
  readonly words: readonly string[];
  /** Texts of configuration files that are mounted into it. */
  readonly confs: readonly string[];
}

export type Env = Readonly<Record<string, string>>;
/** A probe that does not know its port yet. */
export type ProbeOnPort = (port: string) => ProbeSpec;

export interface HttpAnswer {
  /** @default [200] */
  readonly status?: readonly number[];
  /** For servers whose status says "here" and whose body says "not yet". */
  readonly bodyMatch?: string;
  /** @default false */
  readonly tls?: boolean;
}

export function httpProbe(
  path: string,
  { status = [200], bodyMatch, tls = false }: HttpAnswer = {},
): ProbeOnPort {
  return (port) => ({
    kind: "http",
    port,
    path,
    method: "GET",
    status,
    headers: {},
    headerMatch: {},
    bodyMatch,
    tls: tls ? { insecure: true, caFile: undefined } : undefined,
  });
}

/** It speaks HTTP; 502 to 504 are what proxies answer while nobody is behind them. */
export const anyAnswer: readonly number[] = Array.from({ length: 302 }, (_, index) => 200 + index);

/** The repository's name without registry, tag and digest: "bitnami/redis". */
export function repositoryOf(reference: string): string {
  return reference.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
}

export function tagOf(reference: string): string {
  return /:([^/:@]*)(@.*)?$/.exec(reference)?.[1] ?? "latest";
}
