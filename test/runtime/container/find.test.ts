import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findContainerRuntime } from "../../../src/runtime/container/find.ts";
import type { Strategy } from "../../../src/runtime/container/strategies.ts";
import { describeEngines } from "../../engines/engines.ts";

const nowhere: Strategy = { name: "nowhere", binding: false, find: async () => ({ why: "is not there" }) };
const at = (name: string, address: string): Strategy => ({
  name,
  binding: false,
  find: async () => ({ address }),
});

test("Every reason is shown when no engine is found", async () => {
  const dead = at("dead", "unix:///no/such/engine.sock");
  const remote = at("remote", "tcp://192.0.2.1:2375");
  await expect(
    findContainerRuntime("auto", { env: {}, strategies: [nowhere, dead, remote] }),
  ).rejects.toMatchObject({
    code: "RUNTIME_UNAVAILABLE",
    message: expect.stringMatching(
      /nowhere: is not there\n.*dead: .*engine.sock.*\n.*remote: .*another machine/s,
    ),
  });
});

test("An engine that the user named and that does not answer is not replaced by another one", async () => {
  const env = { DOCKER_HOST: "unix:///no/such/docker.sock", HOME: "/nonexistent", PATH: process.env["PATH"] };
  await expect(findContainerRuntime("docker", { env })).rejects.toMatchObject({
    code: "RUNTIME_UNAVAILABLE",
    message: expect.stringMatching(
      /CONTAINER_HOST: .*\n.*DOCKER_HOST: .*docker.sock.*\n.*Colima: not tried/s,
    ),
  });
});

test("What answers, and is no engine, is not taken", async () => {
  const folder = await mkdtemp(join(tmpdir(), "rollcall-find-test-"));
  const path = join(folder, "x.sock");
  const server = createServer((socket) => socket.end("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"));
  try {
    await new Promise<void>((resolve) => server.listen(path, resolve));
    await expect(
      findContainerRuntime("auto", { env: {}, strategies: [at("stranger", `unix://${path}`)] }),
    ).rejects.toMatchObject({ message: expect.stringContaining("stranger: GET /_ping: 404") });
  } finally {
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
});

describeEngines("Finding an engine", ({ kind, address }) => {
  test("takes the first that answers and is of the kind asked for", async () => {
    const strategies = [nowhere, at("here", address)];
    expect((await findContainerRuntime("auto", { env: {}, strategies })).kind).toBe(kind);
    expect((await findContainerRuntime(kind, { env: {}, strategies })).kind).toBe(kind);
    const other = kind === "podman" ? "docker" : "podman";
    await expect(findContainerRuntime(other, { env: {}, strategies })).rejects.toMatchObject({
      message: expect.stringContaining(`${address} is ${kind}, not ${other}`),
    });
  });
});
