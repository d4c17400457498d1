import { RollcallError } from "../../errors/rollcall-error.ts";

/** Where an engine listens. */
export type Endpoint =
  | { readonly kind: "socket"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number; readonly tls: boolean };

/**
 * Reads `unix://`, `npipe://`, `tcp://`, `http://`, `https://` addresses as DOCKER_HOST and contexts hold them.
 * Ports are published on the engine's own 127.0.0.1, so an engine of another machine is refused.
 */
export function parseEndpoint(text: string, env: NodeJS.ProcessEnv = {}): Endpoint {
  if (text.startsWith("/")) return { kind: "socket", path: text };
  const scheme = /^([a-z]+):\/\//.exec(text)?.[1];
  if (scheme === "unix") return { kind: "socket", path: text.slice("unix://".length) };
  if (scheme === "npipe") return { kind: "socket", path: text.slice("npipe://".length) };
  if (scheme === "ssh") throw elsewhere(text);
  if (scheme !== "tcp" && scheme !== "http" && scheme !== "https") {
    throw new RollcallError("RUNTIME_UNAVAILABLE", {
      message: `"${text}" is not the address of an engine: expected unix://PATH, npipe://PATH or tcp://HOST:PORT.`,
    });
  }
  const url = new URL(text.replace(/^[a-z]+:/, "http:"));
  if (!["127.0.0.1", "localhost", "[::1]"].includes(url.hostname)) throw elsewhere(text);
  const tls = scheme === "https" || (env["DOCKER_TLS_VERIFY"] ?? "") !== "" || url.port === "2376";
  return { kind: "tcp", host: url.hostname, port: Number(url.port || (tls ? 2376 : 2375)), tls };
}

export function printEndpoint(endpoint: Endpoint): string {
  if (endpoint.kind === "tcp") {
    // Of tcp:// only this port means TLS by itself.
    const scheme = endpoint.tls && endpoint.port !== 2376 ? "https" : "tcp";
    return `${scheme}://${endpoint.host}:${endpoint.port}`;
  }
  return endpoint.path.startsWith("//./") ? `npipe://${endpoint.path}` : `unix://${endpoint.path}`;
}

function elsewhere(text: string): RollcallError {
  return new RollcallError("RUNTIME_UNAVAILABLE", {
    message: `${text} is an engine of another machine: the ports it publishes would not be on 127.0.0.1 here.`,
  });
}
