import type { IncomingMessage } from "node:http";

export class TooLarge extends Error {
  override readonly name = "TooLarge";
}

/**
 * The whole body as text.
 * @throws TooLarge after the end of a body of more than `limitBytes`, of which nothing is kept: a client that is still
 * sending would not read an earlier answer.
 */
export function readBody(request: IncomingMessage, limitBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= limitBytes) chunks.push(chunk);
      else chunks.length = 0;
    });
    request.once("end", () => {
      if (bytes > limitBytes) reject(new TooLarge(`The body must have at most ${limitBytes} bytes`));
      else resolve(Buffer.concat(chunks).toString("utf8"));
    });
    request.once("error", reject);
    request.once("close", () => reject(new Error("the client went away before its body had come")));
  });
}
