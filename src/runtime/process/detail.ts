import type { Json } from "../../util/json.ts";
import type { InstanceRecord, PublishedPort } from "../types.ts";
import type { ServerTrace } from "./members.ts";

/** What the record keeps beside the incarnation. */
export interface Detail {
  readonly kind: "command" | "postgres" | "redis";
  readonly bootId: string;
  readonly cwd: string;
  readonly ports: readonly PublishedPort[];
  /** First on PATH of commands that are run beside it. */
  readonly binDir: string | undefined;
  readonly server: ServerTrace | undefined;
}

export function detailAsJson({ kind, bootId, cwd, ports, binDir, server }: Detail): Json {
  return {
    kind,
    bootId,
    cwd,
    ports: ports.map(({ name, container, host }) => ({ name, container, host })),
    binDir: binDir ?? null,
    server: server === undefined ? null : { folder: server.folder, program: server.program },
  };
}

/** undefined: it is not what `detailAsJson` wrote. */
export function readDetail({ detail }: InstanceRecord): Detail | undefined {
  if (!isObject(detail)) return undefined;
  const { kind, bootId, cwd, ports, binDir, server } = detail;
  if (kind !== "command" && kind !== "postgres" && kind !== "redis") return undefined;
  if (typeof bootId !== "string" || typeof cwd !== "string" || !Array.isArray(ports)) return undefined;
  return {
    kind,
    bootId,
    cwd,
    ports: ports.flatMap(readPort),
    binDir: typeof binDir === "string" ? binDir : undefined,
    server: readServer(server),
  };
}

function readPort(port: Json): readonly PublishedPort[] {
  if (!isObject(port)) return [];
  const { name, container, host } = port;
  if (typeof name !== "string" || typeof container !== "number" || typeof host !== "number") return [];
  return [{ name, container, host }];
}

function readServer(server: Json | undefined): ServerTrace | undefined {
  if (!isObject(server)) return undefined;
  const { folder, program } = server;
  return typeof folder === "string" && typeof program === "string" ? { folder, program } : undefined;
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
