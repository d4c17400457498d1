import { readFile } from "node:fs/promises";
import {
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from "node:http";
import { request as httpsRequest, type RequestOptions as TlsRequestOptions } from "node:https";
import type { Socket } from "node:net";
import { checkServerIdentity } from "node:tls";
import { describeSocketError, isSelfConnection } from "./converse.ts";
import type { HttpSpec } from "./http.ts";
import { LookAborted, notYet, wrong } from "./looks.ts";
import { printable } from "./printable.ts";
import type { Address, Look } from "./types.ts";

export type Exchange = { close(): void } & (
  | { readonly kind: "response"; readonly response: IncomingMessage }
  | { readonly kind: "look"; readonly look: Look }
);

/** One request on a connection of its own, up to the answer's head. Throws LookAborted. */
export async function request(address: Address, spec: HttpSpec, signal: AbortSignal): Promise<Exchange> {
  let tls: TlsRequestOptions | undefined;
  try {
    tls = await tlsOptions(spec, address);
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return { kind: "look", look: wrong(`the CA file cannot be read: ${printable(reason)}`), close: () => {} };
  }
  const options: RequestOptions = {
    host: address.host,
    port: address.port,
    path: spec.path,
    method: spec.method,
    agent: false,
    headers: { "user-agent": "rollcall", accept: "*/*", ...spec.headers, connection: "close" },
  };
  const outgoing = tls === undefined ? httpRequest(options) : httpsRequest({ ...options, ...tls });
  return exchange(outgoing, address, spec, signal);
}

function exchange(
  outgoing: ClientRequest,
  address: Address,
  spec: HttpSpec,
  signal: AbortSignal,
): Promise<Exchange> {
  const close = (): void => {
    outgoing.destroy();
  };
  return new Promise((resolve, reject) => {
    const connection: Connection = { connected: false, secured: false, socket: undefined };
    const settle = (how: () => void): void => {
      signal.removeEventListener("abort", abort);
      how();
    };
    const fail = (look: Look): void => settle(() => resolve({ kind: "look", look, close }));
    const abort = (): void => {
      settle(() => reject(new LookAborted(waitingFor(connection, spec))));
      close();
    };
    outgoing.on("socket", (socket) => watch(socket, connection, fail));
    outgoing.once("response", (response) => settle(() => resolve({ kind: "response", response, close })));
    // Stays to the end: destroying a request may still bring an error.
    outgoing.on("error", (error) => fail(describeHttpError(error, address, spec, connection)));
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    outgoing.end();
  });
}

interface Connection {
  connected: boolean;
  secured: boolean;
  socket: Socket | undefined;
}

function watch(socket: Socket, connection: Connection, fail: (look: Look) => void): void {
  connection.socket = socket;
  socket.once("connect", () => {
    connection.connected = true;
    if (isSelfConnection(socket)) fail(notYet("connection refused"));
  });
  socket.once("secureConnect", () => {
    connection.secured = true;
  });
}

function waitingFor(connection: Connection, spec: HttpSpec): string {
  if (!connection.connected) return "to the connection";
  if (spec.tls !== undefined && !connection.secured) return "to the TLS handshake";
  return `to ${spec.method} ${spec.path}`;
}

async function tlsOptions(spec: HttpSpec, address: Address): Promise<TlsRequestOptions | undefined> {
  if (spec.tls === undefined) return undefined;
  const { insecure, caFile } = spec.tls;
  return {
    rejectUnauthorized: !insecure,
    ...(caFile === undefined ? {} : { ca: await readFile(caFile) }),
    // Certificates of development are made for "localhost" more often than for 127.0.0.1.
    checkServerIdentity: (_host, certificate) => {
      const error = checkServerIdentity(address.host, certificate);
      return error === undefined ? undefined : checkServerIdentity("localhost", certificate);
    },
  };
}

interface HttpError extends NodeJS.ErrnoException {
  /** What came instead of HTTP. */
  readonly rawPacket?: Buffer;
}

/** Why there was no answer that could be read. */
export function describeHttpError(
  thrown: unknown,
  address: Address,
  spec: HttpSpec,
  connection?: Connection,
): Look {
  const error: HttpError = thrown instanceof Error ? thrown : new Error(String(thrown));
  const code = error.code ?? "";
  if (code === "HPE_HEADER_OVERFLOW") return wrong("answered with more headers than 16 KiB");
  if (code.startsWith("HPE_")) {
    const said = error.rawPacket ? `: ${printable(error.rawPacket)}` : "";
    return wrong(`answered something else than HTTP${said}`);
  }
  if (code === "EPROTO" || code.startsWith("ERR_SSL_")) return wrong("answered something else than TLS");
  if (isCertificateError(code)) return wrong(`its certificate is not trusted: ${printable(error.message)}`);
  if (code === "ECONNRESET" || code === "EPIPE") {
    const asked = `${spec.method} ${spec.path}`;
    return notYet(
      connection?.socket?.bytesRead === 0
        ? "connection reset right after accept"
        : `connection broken off during the answer to ${asked}`,
    );
  }
  return notYet(describeSocketError(error, address));
}

function isCertificateError(code: string): boolean {
  return code.includes("CERT") || code.startsWith("ERR_TLS_") || code.startsWith("UNABLE_TO_");
}
