import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Ended, rollcall, shop, start } from "./rig.ts";

let stack: ReturnType<typeof shop>;
const cli = (...args: string[]): Promise<Ended> =>
  rollcall(args, { cwd: stack.dir, env: { ROLLCALL_RUNTIME: "process" } });

beforeAll(() => {
  stack = shop();
});
afterAll(() => stack.remove());

async function json(ended: Promise<Ended>) {
  const { stdout, stderr } = await ended;
  try {
    return JSON.parse(stdout);
  } catch {
    throw new Error(`no JSON:\n${stdout}\n${stderr}`);
  }
}

describe("a stack that is up", () => {
  let status: {
    run: string;
    services: { name: string; pid: number; ports: { http: { url: string } } }[];
    env: Record<string, string>;
  };
  beforeAll(async () => {
    status = await json(cli("up", "--runtime", "process", "--json"));
  });
  afterAll(async () => {
    await cli("down");
  });

  test("says where its services are, and they answer", async () => {
    expect(status).toMatchObject({ stack: "shop", runtime: "process", state: "ready" });
    for (const service of status.services) {
      expect(service.ports.http.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      expect((await fetch(`${service.ports.http.url}/health`)).status).toBe(200);
    }
  });

  test("is the same for whoever asks afterwards", async () => {
    expect(await json(cli("status", "--json"))).toMatchObject({ run: status.run, state: "ready" });
    const again = await cli("up", "--runtime", "process");
    expect(again.code).toBe(0);
    expect(again.stdout).toContain("up already");
  });

  test("exports its addresses for a shell, dotenv, JSON and GitHub", async () => {
    const url = status.env["WEB_URL"] ?? "";
    expect((await cli("env")).stdout).toContain(`export WEB_URL='${url}'`);
    expect((await cli("env", "--format", "dotenv")).stdout).toContain(`WEB_URL=${url}`);
    expect(await json(cli("env", "--format", "json"))).toEqual(status.env);
    expect((await cli("env", "--format", "github")).stdout).toContain(`WEB_URL=${url}`);
  });

  test("shows its logs, of one service or of all", async () => {
    expect((await cli("logs", "web")).stdout).toMatch(/^begins on \d+\n$/);
    expect((await cli("logs", "--tail", "1")).stdout).toMatch(/store \| begins/);
    const unknown = await cli("logs", "wep");
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain("web");
  });

  test("runs a command where a service runs, with its exit code", async () => {
    const done = await cli("exec", "store", "--", "node", "-p", "process.env.PORT");
    expect(done.code).toBe(0);
    expect(done.stdout.trim()).toMatch(/^\d+$/);
    expect((await cli("exec", "store", "--", "node", "-e", "process.exit(9)")).code).toBe(9);
  });

  test("is attached to by run, and left up", async () => {
    const done = await cli("run", "--runtime", "process", "--", "node", "-p", "process.env.WEB_URL");
    expect(done.stdout.trim()).toBe(status.env["WEB_URL"]);
    expect((await cli("status")).code).toBe(0);
  });

  test("keeps its records to its owner, and no secret in them", () => {
    const runs = join(stack.dir, ".rollcall/runs");
    const folder = join(runs, status.run);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const name of ["run.json", "journal.ndjson"]) {
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
      expect(readFileSync(join(folder, name), "utf8")).not.toContain("very-secret-word");
    }
    expect(readdirSync(join(folder, "logs")).sort()).toEqual(["store.log", "web.log"]);
  });

  test("is brought back whole when a service has been killed, and says so", async () => {
    process.kill(status.services[0]?.pid ?? 0, "SIGKILL");
    const healed = await cli("up", "--runtime", "process", "--progress", "plain");
    expect(healed.code).toBe(0);
    expect(healed.stderr).toContain("store");
    const now = await json(cli("status", "--json"));
    expect(now.state).toBe("ready");
    expect(now.services[0].pid).not.toBe(status.services[0]?.pid);
  });
});

describe("a stack that is not up", () => {
  test("status and env end with 3, down with 0", async () => {
    expect((await cli("status")).code).toBe(3);
    expect((await cli("env")).code).toBe(3);
    const down = await cli("down");
    expect(down.code).toBe(0);
    expect(down.stdout).toContain("was not up");
  });
});

describe("run", () => {
  afterEach(async () => {
    expect((await cli("status")).code).toBe(3);
  });

  test("passes exit code, stdin and exports", async () => {
    const run = ["run", "--runtime", "process", "--"];
    expect((await cli(...run, "sh", "-c", "exit 7")).code).toBe(7);
    const echo = await rollcall([...run, "cat"], { cwd: stack.dir, input: "through stdin" });
    expect(echo.stdout).toBe("through stdin");
    const health = await cli(
      ...run,
      "node",
      "-e",
      "fetch(process.env.WEB_URL + '/health').then(r => r.text()).then(t => console.log(t))",
    );
    expect(health.stdout.trim()).toBe("fine");
  });

  test("a command that is missing gives 127, one that cannot be executed 126", async () => {
    expect((await cli("run", "--runtime", "process", "--", "no-such-command")).code).toBe(127);
    expect((await cli("run", "--runtime", "process", "--", "./rollcall.yaml")).code).toBe(126);
  });

  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "%s reaches the command, and nothing is left",
    async (signal) => {
      const started = start(
        [
          "run",
          "--runtime",
          "process",
          "--",
          "node",
          "-e",
          "console.log('at work'); setInterval(() => {}, 1000)",
        ],
        { cwd: stack.dir },
      );
      await started.shows("at work");
      started.kill(signal);
      const { code } = await started.ended;
      expect(code).toBe({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[signal]);
    },
  );

  test("ends the command when a service dies, and tells why", async () => {
    const started = start(
      [
        "run",
        "--runtime",
        "process",
        "--",
        "node",
        "-e",
        "console.log('at work'); setInterval(() => {}, 1000)",
      ],
      { cwd: stack.dir },
    );
    await started.shows("at work");
    const { services } = await json(cli("status", "--json"));
    process.kill(services[1].pid, "SIGKILL");
    const { code, stderr } = await started.ended;
    expect(code).toBe(1);
    expect(stderr).toContain("web");
    expect(stderr).toContain("SERVICE_DIED");
  });
});
