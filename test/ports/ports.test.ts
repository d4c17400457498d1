import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { allotPorts } from "../../src/ports/allot-ports.ts";
import { checkPort, portsTakenError } from "../../src/ports/check-ports.ts";
import { findFreePort } from "../../src/ports/find-free-port.ts";
import { reservePort } from "../../src/ports/reserve-port.ts";
import { whoHolds, whoReserved } from "../../src/ports/who-holds.ts";
import type { Port } from "../../src/stack/types.ts";

const children: ChildProcess[] = [];
const servers: Server[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) await end(child);
  for (const server of servers.splice(0)) server.close();
});

/** A port that nobody has now. */
async function freePort(): Promise<number> {
  const { port, release } = await findFreePort();
  release();
  return port;
}

async function hold(how: string, port: number, more: readonly string[] = []): Promise<ChildProcess> {
  const file = new URL("../fixtures/processes/hold-port.ts", import.meta.url).pathname;
  const argv = ["--import", "jiti/register", file, how, String(port), ...more];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  const [text] = await once(child.stdout, "data");
  expect(String(text)).toMatch(/listening|reserved/);
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

async function listen(port: number, host: string): Promise<Server> {
  const server = createServer();
  servers.push(server);
  server.listen({ port, host });
  await once(server, "listening");
  return server;
}

const port = (name: string, host: number | "free"): Port => ({ name, container: 80, host, scheme: "http" });

describe("who holds a port", () => {
  test("is named with pid, command and user", async () => {
    const number = await freePort();
    expect(await whoHolds(number)).toBeUndefined();
    const child = await hold("127.0.0.1", number);
    const holder = await whoHolds(number);
    expect(holder).toMatchObject({ pid: child.pid, command: expect.stringContaining("hold-port.ts") });
    expect(holder?.text).toMatch(new RegExp(`^process ${child.pid} \\(.*node`));
    expect(holder?.user).toBe(process.getuid?.() === 0 ? "root" : holder?.user);
  });

  test("cannot reach the terminal with its command line", async () => {
    const number = await freePort();
    const child = await hold("127.0.0.1", number, ["\u001b]0;title\u0007\u001b[2J", "two\nlines"]);
    const holder = await whoHolds(number);
    expect(holder?.pid).toBe(child.pid);
    expect(holder?.text).not.toMatch(/\p{Cc}/u);
  });

  test("is told by an error that says whose port it is", async () => {
    const number = await freePort();
    const child = await hold("127.0.0.1", number);
    const taken = await checkPort(number);
    const error = portsTakenError(taken === undefined ? [] : [taken], new Map([[number, "redis"]]));
    expect(error).toMatchObject({ code: "PORT_TAKEN", service: "redis" });
    expect(error.message).toContain(`Port ${number} of redis is held by process ${child.pid} (`);
  });
});

describe("a check", () => {
  test.each(["127.0.0.1", "0.0.0.0", "::"])("finds a port taken that somebody holds on %s", async (host) => {
    const number = await freePort();
    await listen(number, host);
    expect(await checkPort(number)).toMatchObject({
      port: number,
      reason: "taken",
      holder: { pid: process.pid },
    });
  });

  test("finds a port free whose last connections are in TIME_WAIT", async () => {
    const number = await freePort();
    const server = await listen(number, "127.0.0.1");
    const accepted = once(server, "connection");
    const client = connect(number, "127.0.0.1");
    const [socket] = await accepted;
    // Who closes first keeps the port in TIME_WAIT.
    socket.end();
    client.resume();
    client.on("end", () => client.end());
    await once(client, "close");
    await new Promise((resolve) => server.close(resolve));
    expect(await checkPort(number)).toBeUndefined();
  });
});

describe("a reservation", () => {
  test("holds against everybody until it is released", async () => {
    const { port: number, release } = await findFreePort();
    expect(await reservePort(number)).toBeUndefined();
    release();
    const again = await reservePort(number);
    expect(again).toBeDefined();
    again?.release();
  });

  test("is seen by other processes and ends with its owner", async () => {
    const number = await freePort();
    const child = await hold("reserve", number);
    expect(await reservePort(number)).toBeUndefined();
    expect(whoReserved(number)).toMatchObject({ pid: child.pid });
    await expect(allotPorts([{ name: "api", ports: [port("http", number)] }], "fixed")).rejects.toThrow(
      `Port ${number} of api is being taken by another start, process ${child.pid}`,
    );
    await end(child);
    const reservation = await reservePort(number);
    expect(reservation).toBeDefined();
    reservation?.release();
  });
});

describe("allotting", () => {
  test("gives fixed ports as written and free ones as they come, all of them different", async () => {
    const number = await freePort();
    const units = [
      { name: "api", ports: [port("http", "free"), port("admin", number)] },
      { name: "worker", ports: [] },
      { name: "db", ports: [port("sql", "free")] },
    ];
    const { ports, release } = await allotPorts(units, "fixed");
    const hosts = [...ports.values()].flat().map(({ host }) => host);
    expect(ports.get("api")?.[1]).toEqual({ name: "admin", container: 80, host: number });
    expect(ports.get("worker")).toEqual([]);
    expect(new Set(hosts).size).toBe(3);
    release();
  });

  test("ignores fixed ports when all are to be free", async () => {
    const number = await freePort();
    await listen(number, "127.0.0.1");
    const { ports, release } = await allotPorts([{ name: "api", ports: [port("http", number)] }], "free");
    expect(ports.get("api")?.[0]?.host).not.toBe(number);
    release();
  });

  test("names every taken port, and then keeps none", async () => {
    const [first, second, free] = [await freePort(), await freePort(), await freePort()];
    await listen(first, "127.0.0.1");
    await listen(second, "0.0.0.0");
    const units = [
      { name: "api", ports: [port("http", free), port("admin", first)] },
      { name: "db", ports: [port("sql", second)] },
    ];
    await expect(allotPorts(units, "fixed")).rejects.toMatchObject({
      code: "PORT_TAKEN",
      message: expect.stringMatching(new RegExp(`ort ${first} of api.*port ${second} of db`)),
    });
    const reservation = await reservePort(free);
    expect(reservation).toBeDefined();
    reservation?.release();
  });

  test("at the same time never gives one port twice", async () => {
    const unit = { name: "api", ports: [port("a", "free"), port("b", "free")] };
    const allotments = await Promise.all(Array.from({ length: 10 }, () => allotPorts([unit], "free")));
    const hosts = allotments.flatMap(({ ports }) => (ports.get("api") ?? []).map(({ host }) => host));
    expect(new Set(hosts).size).toBe(20);
    for (const { release } of allotments) release();
  });
});
