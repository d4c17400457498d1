import type { IncomingMessage } from "node:http";
import type { Level, ProbeSpec } from "../stack/types.ts";
import { describeHttpError, request } from "./http-request.ts";
import { LookAborted, notYet, ready } from "./looks.ts";
import { printable } from "./printable.ts";
import type { Address, Look, Probe, ProbeTarget } from "./types.ts";
import { withAddress } from "./with-address.ts";

export type HttpSpec = Extract<ProbeSpec, { kind: "http" }>;

const longestBodyBytes = 64 * 1024;
/** So long a server may finish a body that nobody asked about: to break off would only make noise in its log. */
const courtesyMs = 100;

/**
 * A status that is not the expected one is "not yet", whichever it is: frameworks answer 404 and proxies 401 or 503
 * while they start. Only another protocol is wrong. No redirect is followed.
 */
export function httpProbe(spec: HttpSpec, target: ProbeTarget, describe: string): Probe {
  return {
    describe,
    lookLimitMs: 2000,
    patientLimitMs: 10_000,
    leastIntervalMs: 10,
    look: ({ signal }) => withAddress(target, spec.port, (address) => ask(address, spec, signal)),
  };
}

async function ask(address: Address, spec: HttpSpec, signal: AbortSignal): Promise<Look> {
  const asked = `${spec.method} ${spec.path}`;
  if (signal.aborted) throw new LookAborted(`to ${asked}`);
  const exchange = await request(address, spec, signal);
  try {
    if (exchange.kind === "look") return exchange.look;
    const { response } = exchange;
    const answered = `${response.statusCode} on ${asked}`;
    const mismatch = judgeHead(response, spec);
    const body = await readBody(response, mismatch === undefined && spec.bodyMatch !== undefined, signal);
    if (mismatch !== undefined) return notYet(`${answered}${mismatch}`);
    if (spec.bodyMatch !== undefined && !new RegExp(spec.bodyMatch).test(body)) {
      return notYet(`${answered}, but the body is: ${printable(body)}`);
    }
    return ready(levelOf(response), answered);
  } catch (thrown) {
    if (signal.aborted) throw new LookAborted(`to ${asked}: its body does not end`);
    return describeHttpError(thrown, address, spec);
  } finally {
    exchange.close();
  }
}

/** A status of refusal, where the definition takes one, shows that HTTP is spoken there, and no more. */
function levelOf({ statusCode = 0 }: IncomingMessage): Level {
  return statusCode < 400 ? "query" : "handshake";
}

/** What of the head does not fit, as the rest of a sentence; undefined: all fits. */
function judgeHead(response: IncomingMessage, spec: HttpSpec): string | undefined {
  if (!spec.status.includes(response.statusCode ?? 0)) {
    const { location } = response.headers;
    return location === undefined ? "" : `, which redirects to ${printable(location)}`;
  }
  for (const [name, pattern] of Object.entries(spec.headerMatch)) {
    const value = response.headers[name.toLowerCase()];
    if (value === undefined) return `, but without the header ${name}`;
    const text = typeof value === "string" ? value : value.join(", ");
    if (!new RegExp(pattern).test(text)) return `, but the header ${name} is: ${printable(text)}`;
  }
  return undefined;
}

/** At most 64 KiB. Nobody needs it: then as much as comes within the courtesy. */
function readBody(response: IncomingMessage, needed: boolean, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const finish = (error?: Error): void => {
      clearTimeout(courtesy);
      signal.removeEventListener("abort", broken);
      if (error !== undefined && needed) reject(error);
      else resolve(Buffer.concat(chunks).subarray(0, longestBodyBytes).toString("utf8"));
    };
    const broken = (): void => finish(new Error("the connection broke off within the body"));
    const courtesy = needed ? undefined : setTimeout(() => finish(), courtesyMs);
    signal.addEventListener("abort", broken, { once: true });
    response.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= longestBodyBytes) finish();
    });
    response.once("end", () => finish());
    // Stays: a response that is destroyed may still bring an error.
    response.on("error", (error) => finish(error));
    response.once("close", () => (response.complete ? finish() : broken()));
  });
}
