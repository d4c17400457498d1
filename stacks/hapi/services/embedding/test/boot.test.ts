import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { endService, freePort, post, type ServiceProcess, spawnService, startService } from "./service.ts";

let service: ServiceProcess | undefined;
afterEach(async () => {
  await endService(service);
  service = undefined;
});

test.each([
  ["EMBEDDING_SERVICE_PORT", "80a"],
  ["EMBEDDING_SERVICE_PORT", "0"],
  ["EMBEDDING_SERVICE_PORT", "65536"],
  ["LOG_LEVEL", "LOUD"],
])("a bad %s (%s) ends it with code 2 and one line that names it", async (name, value) => {
  service = await spawnService({ [name]: value });
  expect(await service.exited).toEqual({ code: 2, signal: null });
  expect(service.output().trimEnd().split("\n")).toHaveLength(1);
  expect(service.output()).toContain(name);
  expect(service.output()).toContain(`"${value}"`);
});

test("a taken port ends it with code 1 and a line that names the address", async () => {
  const port = await freePort();
  const holder = createServer().listen(port, "127.0.0.1");
  await once(holder, "listening");
  service = await spawnService({ EMBEDDING_SERVICE_PORT: String(port) });
  expect((await service.exited).code).toBe(1);
  expect(service.output()).toContain(`cannot listen on 127.0.0.1:${port}`);
  holder.close();
});

test("when WebAssembly comes late it listens late, and its first answer is right", async () => {
  service = await spawnService({}, ["--require", join(import.meta.dirname, "slow-wasm.cjs")]);
  await expect(fetch(`${service.url}/health`)).rejects.toThrow();
  await service.said(/"message":"listening"/);
  const bootMs = Number(/"bootMs":(\d+)/.exec(service.output())?.[1]);
  expect(bootMs).toBeGreaterThanOrEqual(1000);
  expect((await post(service.url, { text: "first" })).status).toBe(200);
});

/** A request whose headers have reached the service for certain, and whose body has not been sent. */
async function openRequest(url: string): Promise<ClientRequest> {
  const open = request(`${url}/api/v1/embed`, { method: "POST", headers: { expect: "100-continue" } });
  open.flushHeaders();
  await once(open, "continue");
  return open;
}

test("SIGTERM lets a request in flight finish, then ends it with code 0", async () => {
  service = await startService();
  const open = await openRequest(service.url);
  service.child.kill("SIGTERM");
  await service.said(/"message":"stopping"/);
  const answered = once(open, "response");
  open.end(JSON.stringify({ text: "the last one" }));
  const [response] = (await answered) as [IncomingMessage];
  expect(response.statusCode).toBe(200);
  response.resume();
  expect(await service.exited).toEqual({ code: 0, signal: null });
});

test("SIGTERM does not wait for a client that never finishes", async () => {
  service = await startService();
  const open = await openRequest(service.url);
  const cut = once(open, "error");
  service.child.kill("SIGTERM");
  expect(await service.exited).toEqual({ code: 0, signal: null });
  await cut;
});

test("SIGTERM during the boot ends it with code 0", async () => {
  service = await spawnService({ LOG_LEVEL: "debug" }, [
    "--require",
    join(import.meta.dirname, "slow-wasm.cjs"),
  ]);
  await service.said(/"message":"loading"/);
  service.child.kill("SIGTERM");
  expect(await service.exited).toEqual({ code: 0, signal: null });
  expect(service.output()).not.toContain("listening");
});

test("its log is one JSON object a line, and holds no text of a client", async () => {
  service = await startService({ LOG_LEVEL: "DEBUG" });
  await post(service.url, { text: "a private matter" });
  service.child.kill("SIGTERM");
  await service.exited;
  const lines = service.output().trimEnd().split("\n");
  const messages = lines.map((line) => (JSON.parse(line) as { message: string }).message);
  expect(messages).toEqual(["loading", "listening", "request", "stopping", "stopped"]);
  expect(service.output()).not.toContain("private");
});
