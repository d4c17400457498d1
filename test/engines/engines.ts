import { describe, expect, test } from "vitest";
import { findContainerRuntime } from "../../src/runtime/container/find.ts";
import type { ContainerRuntime } from "../../src/runtime/container/runtime.ts";

export interface TestEngine {
  readonly kind: "podman" | "docker";
  /** undefined: there is none, and `why` says so. */
  readonly address: string | undefined;
}

export interface Reachable extends TestEngine {
  readonly address: string;
}

/** Real engines, as scripts/engines/start.sh started them. */
export const testEngines: readonly TestEngine[] = [
  { kind: "podman", address: process.env["ROLLCALL_TEST_PODMAN"] },
  { kind: "docker", address: process.env["ROLLCALL_TEST_DOCKER"] },
];

/** The same tests against every engine; without one they are skipped, and fail in CI. */
export function describeEngines(title: string, tests: (engine: Reachable) => void): void {
  for (const { kind, address } of testEngines) {
    if (address !== undefined) {
      describe(`${title}, on ${kind}`, () => tests({ kind, address }));
      continue;
    }
    const why = `no ${kind}: run scripts/engines/start.sh and images.sh`;
    test.skipIf(process.env["CI"] !== "true")(`${title}, on ${kind} (${why})`, () => expect.fail(why));
  }
}

export function openEngine({ kind, address }: Reachable): Promise<ContainerRuntime> {
  const variable = kind === "podman" ? "CONTAINER_HOST" : "DOCKER_HOST";
  return findContainerRuntime(kind, { env: { ...process.env, [variable]: address } });
}
