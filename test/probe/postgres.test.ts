import { createHash } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createProbe } from "../../src/probe/create.ts";
import { LookAborted } from "../../src/probe/looks.ts";
import type { Address } from "../../src/probe/types.ts";
import { untilReady } from "../../src/probe/until.ts";
import type { ProbeSpec } from "../../src/stack/types.ts";
import { giveUp, lookOnce, targetAt } from "./fixtures/looking.ts";
import { type PostgresServer, startPostgres } from "./fixtures/postgres-server.ts";
import { answering, deadAddress, liars, listen } from "./fixtures/wire-server.ts";

type PostgresSpec = Extract<ProbeSpec, { kind: "postgres" }>;

const never = new Promise<never>(() => {});
const incarnation = { id: "1", pid: 1, startTime: "1" };
const spec: PostgresSpec = {
  kind: "postgres",
  port: undefined,
  user: "slm_user",
  password: "s3cret pass",
  database: "action_history",
};

function wait(address: Address, budgetMs: number, wanted: PostgresSpec, seen: string[] = []) {
  return untilReady({
    probe: createProbe(wanted, targetAt(address)),
    alive: async () => incarnation,
    exited: never,
    budgetMs,
    signal: new AbortController().signal,
    onObserved: (observed) => seen.push(observed),
  });
}

describe("a real PostgreSQL", () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres();
    const outcome = await wait(server.address, 60_000, { ...spec, database: "postgres" });
    expect(outcome).toMatchObject({ kind: "ready", level: "query" });
    await sql("CREATE DATABASE action_history", "CREATE ROLE plain LOGIN PASSWORD 'plain'");
  });
  afterAll(() => server?.close());

  async function sql(...statements: readonly string[]): Promise<void> {
    const { user, password, address } = server;
    const client = new pg.Client({ ...address, user, password, database: "postgres" });
    await client.connect();
    for (const statement of statements) await client.query(statement);
    await client.end();
  }

  test("is ready when the user's query on the database is answered", async () => {
    expect(await lookOnce(spec, server.address)).toEqual({
      verdict: "ready",
      level: "query",
      observed: expect.stringMatching(
        /^SELECT 1 answered by PostgreSQL 16\.\d+ as slm_user on action_history$/,
      ),
    });
  });

  test("refuses a wrong password", async () => {
    expect(await lookOnce({ ...spec, password: "no" }, server.address)).toEqual({
      verdict: "wrong",
      observed: 'password authentication failed for user "slm_user" (28P01)',
    });
  });

  test("names a missing database", async () => {
    expect(await lookOnce({ ...spec, database: "nowhere" }, server.address)).toEqual({
      verdict: "wrong",
      observed: 'database "nowhere" does not exist (3D000)',
    });
  });

  test("names a refused permission to connect", async () => {
    await sql("CREATE DATABASE closed", "REVOKE CONNECT ON DATABASE closed FROM PUBLIC");
    const look = await lookOnce(
      { ...spec, user: "plain", password: "plain", database: "closed" },
      server.address,
    );
    expect(look).toEqual({
      verdict: "wrong",
      observed: 'permission denied for database "closed" (42501)',
    });
  });

  test("refuses a role that has only an MD5 secret where SCRAM is asked for", async () => {
    await sql("SET password_encryption = 'md5'; CREATE ROLE old LOGIN PASSWORD 'older'");
    const look = await lookOnce({ ...spec, user: "old", password: "older" }, server.address);
    expect(look).toEqual({
      verdict: "wrong",
      observed: 'password authentication failed for user "old" (28P01)',
    });
  });

  test("leaves no session behind after many looks", async () => {
    for (let look = 0; look < 20; look += 1) await lookOnce(spec, server.address);
    await expect.poll(() => sessions(), { timeout: 20_000, interval: 50 }).toBe(0);
  });

  async function sessions(): Promise<number> {
    const { user, password, address } = server;
    const client = new pg.Client({ ...address, user, password, database: "postgres" });
    await client.connect();
    const text = "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'rollcall'";
    const { rows } = await client.query<{ n: number }>(text);
    await client.end();
    return rows[0]?.n ?? -1;
  }

  test("is given up within the look's limit while it is paused, and is ready again afterwards", async () => {
    process.kill(server.pid, "SIGSTOP");
    try {
      const outcome = await wait(server.address, 2500, spec);
      expect(outcome).toMatchObject({ kind: "budget", lastObserved: /no answer/ });
      if (outcome.kind === "budget") {
        expect(outcome.lastObserved).toMatch(/^no answer within \d+ ms to the startup message$/);
      }
    } finally {
      process.kill(server.pid, "SIGCONT");
    }
    expect(await wait(server.address, 60_000, spec)).toMatchObject({ kind: "ready" });
  });
});

function errorMessage(code: string, text: string): Buffer {
  const body = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${text}\0\0`);
  const head = Buffer.from("E\0\0\0\0");
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const integer = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const message = (type: string, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from(type), integer(body.length + 4), body]);

const authenticated = Buffer.concat([
  message("R", integer(0)),
  message("S", Buffer.from("server_version\x0016.9 (Debian 16.9-1)\0")),
  message("Z", Buffer.from("I")),
]);
const selectedOne = Buffer.concat([
  message("D", Buffer.from([0, 1, 0, 0, 0, 1, 0x31])),
  message("C", Buffer.from("SELECT 1\0")),
  message("Z", Buffer.from("I")),
]);

describe("a server that is no PostgreSQL, or not yet", () => {
  async function lookAt(serve: Parameters<typeof listen>[0]) {
    const server = await listen(serve);
    onTestFinished(() => server.close());
    return lookOnce(spec, server.address);
  }

  test("57P03 is not yet, and readiness follows when it is over", async () => {
    let starting = 3;
    const server = await listen((socket) => {
      let turn = 0;
      socket.on("data", () => {
        if (starting > 0) {
          starting -= 1;
          socket.end(errorMessage("57P03", "the database system is starting up"));
        } else {
          turn += 1;
          socket.write(turn === 1 ? authenticated : selectedOne);
        }
      });
    });
    onTestFinished(() => server.close());
    const seen: string[] = [];
    const outcome = await wait(server.address, 60_000, spec, seen);
    const proof = "SELECT 1 answered by PostgreSQL 16.9 as slm_user on action_history";
    expect(outcome).toMatchObject({ kind: "ready", observed: proof, attempts: 4 });
    expect(seen).toEqual(["the database system is starting up (57P03)", proof]);
  });

  test("an open door without a query is not readiness", async () => {
    const seen = await lookAt((socket) => {
      socket.once("data", () => {
        socket.write(authenticated);
        socket.once("data", () => socket.end(errorMessage("57P01", "terminating connection")));
      });
    });
    expect(seen).toEqual({ verdict: "not-yet", observed: "terminating connection (57P01)" });
  });

  test("nobody listens", async () => {
    expect(await lookOnce(spec, await deadAddress())).toEqual({
      verdict: "not-yet",
      observed: "connection refused",
    });
  });

  test.each(["acceptsAndCloses", "acceptsAndResets"] as const)("%s", async (liar) => {
    expect(await lookAt(liars[liar])).toEqual({
      verdict: "not-yet",
      observed: "connection reset right after accept",
    });
  });

  test("answers garbage, which is shown harmlessly", async () => {
    expect(await lookAt(liars.answersGarbage)).toEqual({
      verdict: "wrong",
      observed: "answered something else than PostgreSQL: \\x1b[31mGARBAGE\\x00\\r\\nmore",
    });
  });

  test("answers HTTP", async () => {
    expect(await lookAt(answering("HTTP/1.1 400 Bad Request\r\n\r\n"))).toMatchObject({
      verdict: "wrong",
      observed: expect.stringContaining("HTTP/1.1 400 Bad Request"),
    });
  });

  test("breaks off in the middle of a message", async () => {
    expect(await lookAt((socket) => socket.end(Buffer.from("R\0\0")))).toEqual({
      verdict: "not-yet",
      observed: "connection closed after 3 bytes: R\\x00\\x00",
    });
  });

  test("claims to know the password without proof", async () => {
    const sasl = message("R", Buffer.concat([integer(10), Buffer.from("SCRAM-SHA-256\0\0")]));
    const look = await lookAt((socket) => {
      socket.once("data", () => {
        socket.write(sasl);
        socket.once("data", (first) => {
          const nonce = /r=(.+)$/.exec(first.toString("latin1"))?.[1];
          const challenge = Buffer.from(`r=${nonce}more,s=${Buffer.from("salt").toString("base64")},i=4096`);
          socket.write(message("R", Buffer.concat([integer(11), challenge])));
          socket.once("data", () => {
            const final = Buffer.from(`v=${Buffer.alloc(32).toString("base64")}`);
            socket.write(Buffer.concat([message("R", Buffer.concat([integer(12), final])), authenticated]));
          });
        });
      });
    });
    expect(look).toEqual({ verdict: "wrong", observed: "its SCRAM signature is wrong" });
  });

  test("asks for an MD5 password and gets the right one", async () => {
    let told = "";
    const look = await lookAt((socket) => {
      socket.once("data", () => {
        socket.write(message("R", Buffer.concat([integer(5), Buffer.from("salt")])));
        socket.once("data", (answer) => {
          told = answer.subarray(5, -1).toString("latin1");
          socket.write(authenticated);
          socket.once("data", () => socket.write(selectedOne));
        });
      });
    });
    expect(look).toMatchObject({ verdict: "ready" });
    const md5 = (text: string): string => createHash("md5").update(text).digest("hex");
    expect(told).toBe(`md5${md5(`${md5("s3cret passslm_user")}salt`)}`);
  });

  test("never answers: the look is given up and its connection closed", async () => {
    let asked = (): void => {};
    const heard = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const server = await listen((socket) => socket.once("data", asked));
    onTestFinished(() => server.close());
    const thrown = await giveUp(createProbe(spec, targetAt(server.address)), heard);
    expect(thrown).toBeInstanceOf(LookAborted);
    expect(thrown).toMatchObject({ waitingFor: "to the startup message" });
    await expect.poll(() => server.open.size, { timeout: 20_000 }).toBe(0);
  });
});
