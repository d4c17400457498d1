import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { rollcall, shop, start } from "./rig.ts";

let stack: ReturnType<typeof shop> | undefined;
afterEach(async () => {
  if (stack === undefined) return;
  const status = await rollcall(["status"], { cwd: stack.dir });
  await rollcall(["down"], { cwd: stack.dir });
  stack.remove();
  stack = undefined;
  expect(status.code).toBe(3);
});

const broken = `  broken:
    process: { command: [node, -e, "console.log('no config'); process.exit(3)"] }
    ports: { http: { container: 8080, host: free, scheme: http } }
    ready: { http: /health }
    budget: 60s
`;

test("a service that exits in its start ends up at once, with its code and its last words", async () => {
  stack = shop(broken);
  const { code, stderr } = await rollcall(["up", "--runtime", "process"], { cwd: stack.dir });
  expect(code).toBe(1);
  expect(stderr).toContain("broken");
  expect(stderr).toContain("exit code 3");
  expect(stderr).toContain("no config");
  expect(stderr).toContain("EXITED_EARLY");
});

test("the same as one JSON document", async () => {
  stack = shop(broken);
  const { code, stdout } = await rollcall(["up", "--runtime", "process", "--json"], { cwd: stack.dir });
  expect(code).toBe(1);
  expect(JSON.parse(stdout).error).toMatchObject({
    code: "EXITED_EARLY",
    service: "broken",
    exitCode: 3,
    logTail: ["no config"],
  });
});

test("a port that somebody holds: 5, naming port, pid and command, nothing started", async () => {
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  const { port } = holder.address() as { port: number };
  try {
    stack = shop();
    writeFileSync(
      join(stack.dir, "rollcall.yaml"),
      `name: shop\nservices:\n  web:\n    process: { command: [node, server.mjs] }\n    env: { PORT: "${port}" }\n    ports: { http: { container: 8080, host: ${port}, scheme: http } }\n    ready: { http: /health }\n`,
    );
    const { code, stderr } = await rollcall(["up", "--runtime", "process"], { cwd: stack.dir });
    expect(code).toBe(5);
    expect(stderr).toContain(String(port));
    expect(stderr).toContain(String(process.pid));
    expect(stderr).not.toContain("begins on");
  } finally {
    holder.close();
  }
});

test("Ctrl-C in mid-start ends with 130 and leaves nothing", async () => {
  stack = shop(`  slow:
    process: { command: [node, -e, "setInterval(() => {}, 1000)"] }
    ports: { http: { container: 8080, host: free, scheme: http } }
    ready: { http: /health }
`);
  const started = start(["up", "--runtime", "process", "--progress", "json"], { cwd: stack.dir });
  await started.shows('"type":"probe.observed","service":"slow"');
  started.kill("SIGINT");
  expect((await started.ended).code).toBe(130);
});

test("two runs with names and free ports are both ready and apart", async () => {
  const both = shop();
  stack = both;
  const up = (name: string) =>
    rollcall(["up", "--runtime", "process", "--ports", "free", "--name", name, "--json"], { cwd: both.dir });
  const [a, b] = await Promise.all([up("a"), up("b")]);
  try {
    const urls = [a, b].map((ended) => JSON.parse(ended.stdout).env.WEB_URL as string);
    expect(new Set(urls).size).toBe(2);
    for (const url of urls) expect((await fetch(`${url}/health`)).status).toBe(200);
  } finally {
    for (const name of ["a", "b"]) await rollcall(["down", "--name", name], { cwd: both.dir });
  }
  for (const name of ["a", "b"])
    expect((await rollcall(["status", "--name", name], { cwd: both.dir })).code).toBe(3);
});
