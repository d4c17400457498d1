import type { IncomingMessage } from "node:http";
import { decodeUtf8, parseJson } from "../json.ts";
import { badRequest, Problem } from "./problem.ts";

export const BODY_LIMIT_BYTES = 5 * 1024 * 1024;
/** A body that is too large is still read to its end up to here, so that the client gets to read the answer. */
const DRAIN_LIMIT_BYTES = 100 * 1024 * 1024;
const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;

/** @returns the parsed body, or undefined when it is empty. @throws Problem 400, 413, 415; JsonError */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  const bytes = await collect(request);
  const type = request.headers["content-type"];
  if (bytes === undefined) {
    throw new Problem(413, "bad-request", `the body is larger than ${BODY_LIMIT_BYTES} bytes`, {
      title: "Payload Too Large",
    });
  }
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    throw unsupported(`the content encoding ${JSON.stringify(encoding.slice(0, 100))} is not accepted`);
  }
  if (bytes.length === 0) return undefined;
  if (type !== undefined && !JSON_TYPE.test(type)) {
    throw unsupported(`the body must be application/json, not ${JSON.stringify(type.slice(0, 100))}`);
  }
  return parseJson(decodeUtf8(bytes));
}

function unsupported(detail: string): Problem {
  return new Problem(415, "bad-request", detail, { title: "Unsupported Media Type" });
}

async function collect(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size <= BODY_LIMIT_BYTES) chunks.push(chunk);
      else chunks.length = 0;
      if (size > DRAIN_LIMIT_BYTES) break;
    }
  } catch {
    throw badRequest("the body ended before its time");
  }
  return size > BODY_LIMIT_BYTES ? undefined : Buffer.concat(chunks);
}
