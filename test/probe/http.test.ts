import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createProbe } from "../../src/probe/create.ts";
import type { Address, Look } from "../../src/probe/types.ts";
import type { ProbeSpec } from "../../src/stack/types.ts";
import { giveUp, lookOnce, targetAt } from "./fixtures/looking.ts";
import { answering, deadAddress, liars, listen } from "./fixtures/wire-server.ts";

type HttpSpec = Extract<ProbeSpec, { kind: "http" }>;

const spec: HttpSpec = {
  kind: "http",
  port: "http",
  path: "/health",
  method: "GET",
  status: [200],
  headers: {},
  headerMatch: {},
  bodyMatch: undefined,
  tls: undefined,
};

async function bind(server: Server): Promise<Address> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("not bound to a port");
  return { host: "127.0.0.1", port: bound.port };
}

async function lookAt(listener: RequestListener, wanted: Partial<HttpSpec> = {}): Promise<Look> {
  return lookOnce({ ...spec, ...wanted }, await bind(createServer(listener)));
}

describe("a real HTTP server", () => {
  test("is ready with the expected status", async () => {
    const look = await lookAt((_request, response) => response.end("ok"));
    expect(look).toEqual({ verdict: "ready", level: "query", observed: "200 on GET /health" });
  });

  test("gets the method, the path, the headers and no keep-alive", async () => {
    let seen: unknown;
    const look = await lookAt(
      (request, response) => {
        const { method, url, headers } = request;
        seen = { method, url, token: headers["x-token"], connection: headers.connection };
        response.writeHead(204).end();
      },
      { method: "HEAD", path: "/a?b=c", headers: { "X-Token": "t" }, status: [200, 204] },
    );
    expect(look).toMatchObject({ verdict: "ready", observed: "204 on HEAD /a?b=c" });
    expect(seen).toEqual({ method: "HEAD", url: "/a?b=c", token: "t", connection: "close" });
  });

  test.each([404, 401, 500, 503])("is not ready with status %i", async (status) => {
    const look = await lookAt((_request, response) => response.writeHead(status).end("no"));
    expect(look).toEqual({ verdict: "not-yet", observed: `${status} on GET /health` });
  });

  test("a refusal that the definition takes for an answer proves a handshake, and no more", async () => {
    const listener: RequestListener = (_request, response) => response.writeHead(404).end("no");
    const look = await lookAt(listener, { status: [200, 404] });
    expect(look).toEqual({ verdict: "ready", level: "handshake", observed: "404 on GET /health" });
  });

  test("a redirect is not followed, and where it leads is named", async () => {
    const asked: string[] = [];
    const look = await lookAt((request, response) => {
      asked.push(request.url ?? "");
      response.writeHead(302, { location: "/login" }).end();
    });
    expect(look).toEqual({
      verdict: "not-yet",
      observed: "302 on GET /health, which redirects to /login",
    });
    expect(asked).toEqual(["/health"]);
  });

  test("a body that has to match", async () => {
    const serve: RequestListener = (_request, response) => response.end('{"status":"starting"}\n');
    expect(await lookAt(serve, { bodyMatch: '"status":"starting"' })).toMatchObject({ verdict: "ready" });
    expect(await lookAt(serve, { bodyMatch: '"status":"ok"' })).toEqual({
      verdict: "not-yet",
      observed: '200 on GET /health, but the body is: {"status":"starting"}',
    });
  });

  test("a header that has to match", async () => {
    const serve: RequestListener = (_request, response) => {
      response.setHeader("X-Role", "replica").end();
    };
    expect(await lookAt(serve, { headerMatch: { "x-role": "^rep" } })).toMatchObject({ verdict: "ready" });
    expect(await lookAt(serve, { headerMatch: { "X-Role": "primary" } })).toMatchObject({
      verdict: "not-yet",
      observed: "200 on GET /health, but the header X-Role is: replica",
    });
    expect(await lookAt(serve, { headerMatch: { "X-None": "." } })).toMatchObject({
      observed: "200 on GET /health, but without the header X-None",
    });
  });

  test("no more than 64 KiB of an endless body are read", async () => {
    const endless: RequestListener = (_request, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write("x".repeat(1000)));
        if (!response.destroyed) response.once("drain", more);
      };
      more();
    };
    expect(await lookAt(endless, { bodyMatch: "^x{65536}$" })).toMatchObject({ verdict: "ready" });
  });

  test("a body that never ends does not hold up a look that did not ask for it", async () => {
    const look = await lookAt((_request, response) => response.write("event: hello\n\n"));
    expect(look).toMatchObject({ verdict: "ready" });
  });
});

describe("TLS", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "rollcall-probe-tls-"));
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    const key = ["-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem"];
    const made = spawnSync("openssl", ["req", "-x509", ...key, ...subject, "-days", "2"], { cwd: folder });
    if (made.status !== 0) throw new Error(`openssl: ${made.stderr}${made.error ?? ""}`);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const serve = async (): Promise<Address> => {
    const key = readFileSync(join(folder, "key.pem"));
    const cert = readFileSync(join(folder, "cert.pem"));
    return bind(createTlsServer({ key, cert }, (_request, response) => response.end("ok")));
  };

  test("a certificate that nobody vouches for is named", async () => {
    const tls = { insecure: false, caFile: undefined };
    expect(await lookOnce({ ...spec, tls }, await serve())).toEqual({
      verdict: "wrong",
      observed: expect.stringMatching(/^its certificate is not trusted: .*self-signed/),
    });
  });

  test("is ready when the certificate's authority is given, or none is asked for", async () => {
    const address = await serve();
    const trusted = { insecure: false, caFile: join(folder, "cert.pem") };
    expect(await lookOnce({ ...spec, tls: trusted }, address)).toMatchObject({ verdict: "ready" });
    const insecure = { insecure: true, caFile: undefined };
    expect(await lookOnce({ ...spec, tls: insecure }, address)).toMatchObject({ verdict: "ready" });
  });

  test("a missing CA file is named", async () => {
    const tls = { insecure: false, caFile: join(folder, "none.pem") };
    expect(await lookOnce({ ...spec, tls }, await serve())).toMatchObject({
      verdict: "wrong",
      observed: expect.stringMatching(/^the CA file cannot be read: ENOENT/),
    });
  });

  test("a plain server where TLS is expected", async () => {
    const tls = { insecure: true, caFile: undefined };
    const address = await bind(createServer((_request, response) => response.end()));
    expect(await lookOnce({ ...spec, tls }, address)).toMatchObject({
      verdict: "wrong",
      observed: "answered something else than TLS",
    });
  });
});

describe("a server that is no HTTP server, or not yet", () => {
  async function lookAtWire(serve: (socket: Socket) => void): Promise<Look> {
    const server = await listen(serve);
    onTestFinished(() => server.close());
    return lookOnce(spec, server.address);
  }

  test("nobody listens", async () => {
    const look = await lookOnce(spec, await deadAddress());
    expect(look).toEqual({ verdict: "not-yet", observed: "connection refused" });
  });

  test.each(["acceptsAndCloses", "acceptsAndResets"] as const)("%s", async (liar) => {
    expect(await lookAtWire(liars[liar])).toEqual({
      verdict: "not-yet",
      observed: "connection reset right after accept",
    });
  });

  test("answers garbage, which is shown harmlessly", async () => {
    expect(await lookAtWire(liars.answersGarbage)).toEqual({
      verdict: "wrong",
      observed: "answered something else than HTTP: \\x1b[31mGARBAGE\\x00\\r\\nmore",
    });
  });

  test("breaks off within the head", async () => {
    expect(await lookAtWire((socket) => socket.end("HTTP/1.1 200 OK\r\nx-a: b"))).toMatchObject({
      verdict: "not-yet",
      observed: expect.stringMatching(/^connection broken off during the answer to GET \/health$/),
    });
  });

  test("breaks off within a body that has to match", async () => {
    const head = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n";
    const server = await listen((socket) => socket.once("data", () => socket.end(`${head}ok`)));
    onTestFinished(() => server.close());
    expect(await lookOnce({ ...spec, bodyMatch: "ok" }, server.address)).toMatchObject({
      verdict: "not-yet",
    });
  });

  test("headers without end are refused", async () => {
    const look = await lookAtWire(answering(`HTTP/1.1 200 OK\r\nx: ${"y".repeat(40_000)}`));
    expect(look).toMatchObject({ verdict: "wrong" });
  });

  test.each([
    ["never answers", ""],
    ["drips its headers", "HTTP/1.1 200 OK\r\nx-slow: "],
  ])("%s: the look is given up and its connection closed", async (_title, drop) => {
    let asked = (): void => {};
    const heard = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const server = await listen((socket) =>
      socket.once("data", () => {
        if (drop !== "") socket.write(drop);
        asked();
      }),
    );
    onTestFinished(() => server.close());
    const thrown = await giveUp(createProbe(spec, targetAt(server.address)), heard);
    expect(thrown).toMatchObject({ name: "LookAborted", waitingFor: "to GET /health" });
    await expect.poll(() => server.open.size, { timeout: 20_000 }).toBe(0);
  });

  test("a look that was given up before it began harms nobody", async () => {
    const server = await listen(() => {});
    onTestFinished(() => server.close());
    const probe = createProbe(spec, targetAt(server.address));
    const signal = AbortSignal.abort(new Error("too late"));
    await expect(probe.look({ signal })).rejects.toMatchObject({ name: "LookAborted" });
    // An error that nobody hears ends the whole program; it would come within the next turns.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    await expect.poll(() => server.open.size, { timeout: 20_000 }).toBe(0);
  });
});
