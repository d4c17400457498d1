import { expect, test } from "vitest";
import { parseEndpoint, printEndpoint } from "../../../src/runtime/container/endpoint.ts";
import { exitOf } from "../../../src/runtime/container/exit-of.ts";
import { trackLayers } from "../../../src/runtime/container/images/built-layers.ts";
import { fullReference, isLocalOnly, registryOf } from "../../../src/runtime/container/images/reference.ts";

test("Image names are made whole", () => {
  expect(fullReference("postgres")).toBe("docker.io/library/postgres:latest");
  expect(fullReference("postgres:16-alpine")).toBe("docker.io/library/postgres:16-alpine");
  expect(fullReference("bitnami/redis:7")).toBe("docker.io/bitnami/redis:7");
  expect(fullReference("quay.io/a/b@sha256:0")).toBe("quay.io/a/b@sha256:0");
  expect(fullReference("localhost/x")).toBe("localhost/x:latest");
  expect([isLocalOnly("localhost/x"), isLocalOnly("localhost:5000/x"), isLocalOnly("x")]).toEqual([
    true,
    false,
    false,
  ]);
  expect([registryOf("x"), registryOf("quay.io/x")]).toEqual(["docker.io", "quay.io"]);
});

test("Addresses of engines of this machine are read, those of others are refused", () => {
  expect(parseEndpoint("unix:///run/x.sock")).toEqual({ kind: "socket", path: "/run/x.sock" });
  expect(printEndpoint(parseEndpoint("tcp://127.0.0.1:2376"))).toBe("tcp://127.0.0.1:2376");
  for (const address of ["ssh://me@host", "tcp://10.0.0.1:2375", "nonsense"]) {
    expect(() => parseEndpoint(address)).toThrow(expect.objectContaining({ code: "RUNTIME_UNAVAILABLE" }));
  }
});

test("Exit codes above 128 are the signals that they stand for", () => {
  expect(exitOf({ ExitCode: 3, OOMKilled: false })).toEqual({ exitCode: 3, signal: null, oomKilled: false });
  expect(exitOf({ ExitCode: 143, OOMKilled: false })).toMatchObject({ exitCode: null, signal: "SIGTERM" });
  expect(exitOf({ ExitCode: 137, OOMKilled: true })).toMatchObject({ signal: "SIGKILL", oomKilled: true });
  expect(exitOf({ ExitCode: 0, OOMKilled: true })).toMatchObject({ exitCode: 0, oomKilled: false });
  expect(exitOf({ ExitCode: 255, OOMKilled: false })).toMatchObject({ exitCode: 255, signal: null });
});

test("Layers that a build made are told from those that it found", () => {
  const docker = trackLayers();
  for (const line of [
    "Step 1/3 : FROM busybox",
    " ---> 62f816104b46",
    "Step 2/3 : RUN a",
    " ---> Using cache",
    " ---> aaaaaaaaaaaa",
    "Step 3/3 : RUN b",
    " ---> Running in cccccccccccc",
    " ---> bbbbbbbbbbbb",
  ]) {
    docker.see(line);
  }
  expect(docker.made()).toEqual(["bbbbbbbbbbbb"]);
  const podman = trackLayers();
  for (const line of [
    "STEP 1/3: FROM x",
    "STEP 2/3: RUN a",
    "--> Using cache aaaaaaaaaaaa",
    "--> aaaaaaaaaaa",
    "STEP 3/3: RUN b",
    "--> bbbbbbbbbbb",
  ]) {
    podman.see(line);
  }
  expect(podman.made()).toEqual(["bbbbbbbbbbb"]);
});
