import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { asRollcallError } from "../../src/errors/rollcall-error.ts";
import type { RunEvent } from "../../src/journal/events.ts";
import { verifyJournal } from "../../src/journal/verify.ts";
import { loadStack } from "../../src/load/load.ts";
import { up } from "../../src/run/start/up.ts";
import type { Run } from "../../src/run/types.ts";
import { testEngines } from "../engines/engines.ts";

const real = fileURLToPath(new URL("real", import.meta.url));
const address = testEngines.find(({ kind }) => kind === "podman")?.address;
const limitMs = 180_000;

/** A project brought up as `rollcall up SERVICE…` would, in a folder of its own, on any free ports. */
async function bringUp(name: string, services: readonly string[] = []) {
  const dir = await mkdtemp(join(tmpdir(), "rollcall-compose-"));
  const events: RunEvent[] = [];
  await cp(join(real, name), dir, { recursive: true });
  const stack = await loadStack(dir, { cwd: dir, env: { TOKEN: "from-env" }, services });
  const end = () => rm(dir, { recursive: true, force: true });
  try {
    const run = await up(stack, {
      runtime: "podman",
      ports: "free",
      services,
      signal: AbortSignal.timeout(limitMs),
      onEvent: (event) => events.push(event),
    });
    return { run, events, end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** What proved each service, in the order in which they were proven. */
function proofs(events: readonly RunEvent[]): string[] {
  return events.flatMap((event) => (event.type === "gate.opened" ? [`${event.service} ${event.level}`] : []));
}

async function withRun(
  name: string,
  check: (run: Run, events: readonly RunEvent[]) => Promise<void> | void,
  services?: readonly string[],
): Promise<void> {
  const { run, events, end } = await bringUp(name, services);
  try {
    await check(run, events);
  } finally {
    await run.down();
    await end();
  }
  expect(verifyJournal(events)).toEqual([]);
}

async function failureOf(name: string) {
  const error = await bringUp(name).then(
    async ({ run, end }) => {
      await run.down();
      await end();
      throw new Error("it was expected to fail");
    },
    (thrown: unknown) => asRollcallError(thrown),
  );
  return error.report;
}

describe.runIf(address !== undefined)("compose files of others run on Podman", { timeout: limitMs }, () => {
  const before = process.env["CONTAINER_HOST"];
  beforeAll(() => {
    process.env["CONTAINER_HOST"] = address;
  });
  afterAll(() => {
    if (before === undefined) delete process.env["CONTAINER_HOST"];
    else process.env["CONTAINER_HOST"] = before;
  });

  test("a web server waits until its database answers a query", () =>
    withRun("postgres-and-web", async (run, events) => {
      expect(proofs(events)).toEqual(["db query", "web query"]);
      expect((await fetch(run.env["WEB_URL"] ?? "")).status).toBe(200);
    }));

  test("a migration runs between the database, with its init scripts, and the service", () =>
    withRun("migration", (_run, events) => {
      expect(proofs(events)).toEqual(["db query", "migrate completed", "api query"]);
    }));

  test("a one-shot at the end that exits with 0 is a success", () =>
    withRun("leaf-one-shot", async (run) => {
      for await (const event of run.events()) {
        if (event.type !== "service.exited") continue;
        expect(event).toMatchObject({ service: "seed", expected: true });
        break;
      }
      expect((await run.service("store").exec(["redis-cli", "get", "seeded"])).output.trim()).toBe("yes");
      expect((await run.status()).state).toBe("ready");
    }));

  test("passwords of Redis are found in its command", () =>
    withRun("redis-passwords", (_run, events) => {
      expect([...proofs(events)].sort()).toEqual(["shell query", "words query"]);
    }));

  test("secrets and configs are files in the container", () =>
    withRun("secrets-and-configs", (_run, events) => {
      expect(proofs(events)).toEqual(["check completed", "after running"]);
    }));

  test("builds are built, and their own health checks are asked", () =>
    withRun("build-with-healthcheck", async (run, events) => {
      expect(proofs(events)).toHaveLength(2);
      expect(await (await fetch(run.env["APP_URL"] ?? "")).text()).toBe("built");
    }));

  test("anchors, extends, env files and interpolation reach the container", () =>
    withRun("environment", (_run, events) => {
      expect(proofs(events)).toEqual(expect.arrayContaining(["extended completed", "last running"]));
    }));

  test("services meet under all their names", () =>
    withRun("names-and-networks", (_run, events) => {
      expect(proofs(events)).toEqual(["web-server query", "client completed", "last running"]);
    }));

  test("volumes, bind mounts and tmpfs are what the file says", () =>
    withRun("volumes", (_run, events) => {
      expect(proofs(events)).toEqual(["write completed", "read completed", "last running"]);
    }));

  test("a service that is named takes part in spite of its profile", () =>
    withRun(
      "profile",
      (_run, events) => {
        expect(events.flatMap((event) => (event.type === "start.done" ? [event.service] : []))).toEqual([
          "web",
          "tests",
        ]);
      },
      ["tests"],
    ));

  test("service_started waits for the start and for nothing more", () =>
    withRun("started-only", (_run, events) => {
      const order = events.flatMap((event) =>
        event.type === "start.done" || event.type === "gate.opened" ? [`${event.type} ${event.service}`] : [],
      );
      expect(order.indexOf("start.done slow")).toBeLessThan(order.indexOf("start.done quick"));
      expect(proofs(events)).toContain("slow query");
    }));

  test("a service that never gets healthy fails the start within its own budget, and is named", async () => {
    const { code, service, attempts, notStarted } = await failureOf("never-healthy");
    expect({ code, service, notStarted }).toEqual({
      code: "NOT_READY",
      service: "sick",
      notStarted: ["waits"],
    });
    expect(attempts).toBeGreaterThan(0);
  });

  test("a failed one-shot fails the start with its own words", async () => {
    const report = await failureOf("failed-task");
    expect(report).toMatchObject({ code: "TASK_FAILED", service: "migrate", exitCode: 3 });
    expect(report.logTail.join("\n")).toContain("no such table");
  });
});

const why = "no podman: run scripts/engines/start.sh and images.sh";
test.skipIf(address !== undefined || process.env["CI"] !== "true")(
  `compose files of others run on Podman (${why})`,
  () => {
    if (address === undefined) expect.fail(why);
  },
);
