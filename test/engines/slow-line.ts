import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Reachable } from "./engines.ts";

export interface SlowLine {
  readonly engine: Reachable;
  /** Resolves when one has been asked for, and is held back. */
  readonly asked: Promise<void>;
  /** Lets the engine make them; resolves when it has answered. */
  make(): Promise<void>;
  close(): void;
}

/** A line to an engine that is slow to make some things, and makes them also when the asker has gone. */
export async function openSlowLine(
  { kind, address }: Reachable,
  slowTo: "containers" | "networks",
): Promise<SlowLine> {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-slow-line-"));
  const path = join(folder, "line.sock");
  const held: (() => Promise<void>)[] = [];
  let tellAsked = () => {};
  const asked = new Promise<void>((resolve) => {
    tellAsked = resolve;
  });
  let slow = true;
  const server = createServer(async (near, answer) => {
    const body = await readAll(near);
    const pass = () => passOn(address.slice("unix://".length), near, body, answer);
    if (!slow || near.url?.includes(`/${slowTo}/create`) !== true) {
      void pass();
      return;
    }
    held.push(pass);
    tellAsked();
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    engine: { kind, address: `unix://${path}` },
    asked,
    async make() {
      slow = false;
      await Promise.all(held.splice(0).map((pass) => pass()));
    },
    close() {
      server.close();
      server.closeAllConnections();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Resolves when the engine has answered, whether or not somebody still listens. */
function passOn(
  socketPath: string,
  { method, url, headers }: IncomingMessage,
  body: Buffer,
  answer: ServerResponse,
): Promise<void> {
  return new Promise((resolve) => {
    const asking = request({ socketPath, method, path: url, headers }, (far) => {
      answer.on("close", () => far.resume());
      if (!answer.destroyed) answer.writeHead(far.statusCode ?? 500, far.headers);
      far.pipe(answer);
      far.on("end", resolve);
    });
    asking.on("error", () => {
      answer.destroy();
      resolve();
    });
    asking.end(body);
  });
}
