import { once } from "node:events";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { Client } from "pg";
import { expect, test } from "vitest";
import { endpoints } from "./endpoints.ts";

function dial(host: string, port: string): Promise<"open" | "refused"> {
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) });
    socket.once("connect", () => {
      resolve("open");
      socket.destroy();
    });
    socket.once("error", () => resolve("refused"));
  });
}

test("every address is 127.0.0.1", () => {
  for (const url of Object.values(endpoints)) expect(new URL(url).hostname).toBe("127.0.0.1");
});

test("no port is open on any other address of this machine", async () => {
  const others = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === "IPv4" && !internal)
    .map(({ address }) => address);
  // A loopback address that only a server on every interface answers.
  if (process.platform === "linux") others.push("127.0.0.2");
  expect(others).not.toEqual([]);
  for (const url of Object.values(endpoints)) {
    const { port } = new URL(url);
    for (const host of others) expect(`${host}:${port} ${await dial(host, port)}`).toMatch(/refused$/);
  }
});

test("the database answers the configured user, and DataStorage has migrated it", async () => {
  const client = new Client({ connectionString: endpoints.database });
  await client.connect();
  try {
    const { rows } = await client.query(
      "select current_user::text as who, current_database()::text as name, to_regclass('audit_events') is not null as migrated",
    );
    expect(rows).toEqual([{ who: "slm_user", name: "action_history", migrated: true }]);
  } finally {
    await client.end();
  }
});

test("Redis answers PONG", async () => {
  const { hostname, port } = new URL(endpoints.redis);
  const socket = connect(Number(port), hostname);
  socket.write("PING\r\n");
  const [answer] = await once(socket, "data");
  expect(String(answer)).toBe("+PONG\r\n");
  socket.destroy();
});

test("DataStorage is healthy, ready and alive", async () => {
  const ask = async (path: string) => (await fetch(`${endpoints.dataStorage}${path}`)).json();
  expect(await ask("/health")).toEqual({ status: "healthy", database: "connected" });
  expect(await ask("/health/ready")).toEqual({ status: "ready" });
  expect(await ask("/health/live")).toEqual({ status: "alive" });
});

test.each([
  ["dataStorage", "datastorage_write_total"],
  ["dataStorageMetrics", "datastorage_query_duration_seconds"],
  ["embedding", "embedding_requests_total"],
] as const)("%s gives metrics", async (name, metric) => {
  const response = await fetch(`${endpoints[name]}/metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toContain("text/plain");
  expect(await response.text()).toContain(`# TYPE ${metric}`);
});
