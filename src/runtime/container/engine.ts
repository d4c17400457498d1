import { readFileSync } from "node:fs";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { join } from "node:path";
import Docker from "dockerode";
import { RollcallError } from "../../errors/rollcall-error.ts";
import { type Endpoint, printEndpoint } from "./endpoint.ts";
import { EngineRefusal, refusalText } from "./engine-refusal.ts";

export interface RequestOptions {
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  /** A tar archive. */
  readonly archive?: NodeJS.ReadableStream;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Until the answer is complete; for streams until it begins. @default 30000 */
  readonly limitMs?: number;
  /** Statuses that are answers too, not refusals. */
  readonly accept?: readonly number[];
}

/** The longest that a timer can be set to: for requests that only their signal ends. */
export const noLimitMs = 2 ** 31 - 1;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly data: unknown;
}

const everyStatus = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [i + 100, true]));

/** One engine's API. Every request ends: with an answer, an EngineRefusal, or ENGINE_FAILED. */
export class Engine {
  readonly endpoint: string;
  readonly #docker: Docker;

  constructor(endpoint: Endpoint, env: NodeJS.ProcessEnv = {}) {
    this.endpoint = printEndpoint(endpoint);
    this.#docker = new Docker(modemOptions(endpoint, env));
  }

  /** The parsed answer. Throws EngineRefusal for statuses that are neither 2xx nor accepted. */
  async request(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    const { limitMs = 30_000, accept = [] } = options;
    for (let attempt = 1; ; attempt++) {
      const limited = limit(options.signal, limitMs);
      try {
        const response = await this.#dial(method, path, options, limited.signal);
        const data = parse(await readAll(response));
        const status = response.statusCode ?? 0;
        if ((status >= 200 && status < 300) || accept.includes(status))
          return { status, headers: response.headers, data };
        // Podman before 4.4 stumbles over a container that ends in this very moment.
        const passing = status === 500 && method === "GET" && /no such process/.test(refusalText(data));
        if (!passing || attempt >= 10) throw new EngineRefusal(method, path, status, refusalText(data));
      } catch (error) {
        throw this.#explain(error, method, path, limited, options.signal, limitMs);
      } finally {
        limited.clear();
      }
    }
  }

  async get<T>(path: string, options: RequestOptions = {}): Promise<T> {
    return (await this.request("GET", path, options)).data as T;
  }

  /** An answer that goes on; ends with `signal`. */
  async stream(method: string, path: string, options: RequestOptions = {}): Promise<IncomingMessage> {
    const { limitMs = 30_000 } = options;
    const limited = limit(options.signal, limitMs);
    try {
      const response = await this.#dial(method, path, options, limited.signal);
      limited.clear();
      const status = response.statusCode ?? 0;
      if (status < 200 || status >= 300) {
        throw new EngineRefusal(method, path, status, refusalText(parse(await readAll(response))));
      }
      return response;
    } catch (error) {
      throw this.#explain(error, method, path, limited, options.signal, limitMs);
    } finally {
      limited.clear();
    }
  }

  /** A connection in both directions. */
  hijack(path: string, body: object): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const options = { path, method: "POST", hijack: true, openStdin: true, isStream: true };
      this.#docker.modem.dial(
        { ...options, options: { _body: body }, statusCodes: everyStatus },
        (error: Error | null, socket: unknown) => {
          if (error === null) resolve(socket as Socket);
          else reject(this.#gone(error, path));
        },
      );
    });
  }

  #dial(
    method: string,
    path: string,
    options: RequestOptions,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const { query = {}, body, archive, headers } = options;
    const call = {
      path: `${path}?`,
      method,
      isStream: true,
      statusCodes: everyStatus,
      abortSignal: signal,
      options: { _query: query, _body: body ?? {} },
      ...(archive === undefined ? {} : { file: archive }),
      ...(headers === undefined ? {} : { headers: { ...headers } }),
    };
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      this.#docker.modem.dial(call, (error: Error | null, response: unknown) => {
        if (error === null) resolve(response as IncomingMessage);
        else reject(error);
      });
    });
  }

  #explain(
    error: unknown,
    method: string,
    path: string,
    limited: Limited,
    signal: AbortSignal | undefined,
    limitMs: number,
  ): unknown {
    if (error instanceof EngineRefusal) return error;
    if (signal?.aborted) return signal.reason;
    if (!limited.passed()) return this.#gone(error, path);
    return new RollcallError("ENGINE_FAILED", {
      message: `The engine at ${this.endpoint} did not answer ${method} ${path} within ${limitMs / 1000} s.`,
      cause: error,
    });
  }

  #gone(error: unknown, path: string): RollcallError {
    const text = error instanceof Error ? error.message : String(error);
    return new RollcallError("ENGINE_FAILED", {
      message: `The engine at ${this.endpoint} does not answer (${path}): ${text}`,
      cause: error,
    });
  }
}

interface Limited {
  readonly signal: AbortSignal;
  passed(): boolean;
  clear(): void;
}

function limit(signal: AbortSignal | undefined, limitMs: number): Limited {
  const timer = new AbortController();
  const timeout = setTimeout(() => timer.abort(), limitMs);
  return {
    signal: signal === undefined ? timer.signal : AbortSignal.any([signal, timer.signal]),
    passed: () => timer.signal.aborted,
    clear: () => clearTimeout(timeout),
  };
}

async function readAll(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function parse(body: Buffer): unknown {
  const text = body.toString();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** All options are named: what is left out, dockerode would take from this process's environment. */
function modemOptions(endpoint: Endpoint, env: NodeJS.ProcessEnv): Docker.DockerOptions {
  const none = { ca: undefined, cert: undefined, key: undefined, timeout: undefined };
  if (endpoint.kind === "socket") {
    return { ...none, socketPath: endpoint.path, host: undefined, port: undefined, protocol: "http" };
  }
  const place = { host: endpoint.host, port: endpoint.port, pathPrefix: "/", socketPath: undefined };
  const folder = env["DOCKER_CERT_PATH"];
  if (!endpoint.tls || folder === undefined) {
    return { ...none, ...place, protocol: endpoint.tls ? "https" : "http" };
  }
  const read = (name: string) => readFileSync(join(folder, name));
  return { ...place, protocol: "https", ca: read("ca.pem"), cert: read("cert.pem"), key: read("key.pem") };
}
