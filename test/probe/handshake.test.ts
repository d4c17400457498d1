import type { Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Look } from "../../src/probe/types.ts";
import { type HandshakeProtocol, handshakeProtocols } from "../../src/stack/types.ts";
import { lookOnce } from "./fixtures/looking.ts";
import { liars, listen } from "./fixtures/wire-server.ts";

async function lookAt(protocol: HandshakeProtocol, serve: (socket: Socket) => void): Promise<Look> {
  const server = await listen(serve);
  onTestFinished(() => server.close());
  return lookOnce({ kind: "handshake", protocol, port: undefined }, server.address);
}

const bytes = (...values: readonly number[]): Buffer => Buffer.from(values);
const int32 = (value: number): Buffer => {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
};

function mysqlPacket(body: Buffer): Buffer {
  return Buffer.concat([bytes(body.length & 0xff, body.length >> 8, 0, 0), body]);
}

function mongoReply(ok: number): Buffer {
  const number = Buffer.alloc(8);
  number.writeDoubleLE(ok);
  const wire = Buffer.concat([Buffer.from("\x10maxWireVersion\0"), bytes(21, 0, 0, 0)]);
  const elements = Buffer.concat([wire, Buffer.from("\x01ok\0"), number, bytes(0)]);
  const size = Buffer.alloc(4);
  size.writeInt32LE(elements.length + 4);
  const head = Buffer.alloc(16);
  head.writeInt32LE(16 + 5 + 4 + elements.length, 0);
  head.writeInt32LE(2013, 12);
  return Buffer.concat([head, bytes(0, 0, 0, 0, 0), size, elements]);
}

interface Case {
  readonly protocol: HandshakeProtocol;
  /** What the probe says first; undefined: the server speaks first. */
  readonly asks: Buffer | undefined;
  readonly answer: Buffer;
  readonly observed: string;
}

const cases: readonly Case[] = [
  {
    protocol: "mysql",
    asks: undefined,
    answer: mysqlPacket(Buffer.from("\x0a8.4.2\0rest of the greeting")),
    observed: "greeting of MySQL 8.4.2",
  },
  {
    protocol: "amqp",
    asks: Buffer.from("AMQP\0\0\x09\x01"),
    answer: bytes(1, 0, 0, 0, 0, 0, 9, 0, 10, 0, 10, 0, 9, 0, 0, 0, 0),
    observed: "Connection.Start of AMQP 0-9",
  },
  {
    protocol: "kafka",
    asks: Buffer.concat([
      int32(18),
      bytes(0, 18, 0, 0),
      Buffer.from("roll"),
      bytes(0, 8),
      Buffer.from("rollcall"),
    ]),
    answer: Buffer.concat([int32(16), Buffer.from("roll"), bytes(0, 0), int32(1), bytes(0, 18, 0, 0, 0, 4)]),
    observed: "ApiVersions answered 1 APIs",
  },
  {
    protocol: "mongodb",
    asks: undefined,
    answer: mongoReply(1),
    observed: "hello answered ok, wire version 21",
  },
  {
    protocol: "memcached",
    asks: Buffer.from("version\r\n"),
    answer: Buffer.from("VERSION 1.6.31\r\n"),
    observed: "version answered 1.6.31",
  },
  {
    protocol: "nats",
    asks: undefined,
    answer: Buffer.from('INFO {"server_id":"A","version":"2.10.4"}\r\n'),
    observed: "INFO of NATS 2.10.4",
  },
  {
    protocol: "smtp",
    asks: undefined,
    answer: Buffer.from("220-mail ESMTP\r\n220 welcome\r\n"),
    observed: "220 welcome",
  },
  {
    protocol: "zookeeper",
    asks: Buffer.from("srvr"),
    answer: Buffer.from(
      "Zookeeper version: 3.9.2-e454e8c, built on x\nLatency: 0\nMode: standalone\nNode count: 5\n",
    ),
    observed: "srvr answered 3.9.2, standalone",
  },
  {
    protocol: "cassandra",
    asks: bytes(4, 0, 0, 0, 5, 0, 0, 0, 0),
    answer: bytes(0x84, 0, 0, 0, 6, 0, 0, 0, 2, 0, 0),
    observed: "OPTIONS answered SUPPORTED",
  },
];

describe.each(cases)("$protocol", ({ protocol, asks, answer, observed }) => {
  const speaksFirst = ["mysql", "nats", "smtp"].includes(protocol);

  test("its first answer is a handshake, in whatever pieces it comes", async () => {
    let asked: Buffer | undefined;
    const look = await lookAt(protocol, (socket) => {
      const drip = (rest: Buffer): void => {
        if (rest.length === 0 || socket.destroyed) return;
        socket.write(rest.subarray(0, 3));
        setImmediate(() => drip(rest.subarray(3)));
      };
      if (speaksFirst) return drip(answer);
      socket.once("data", (first) => {
        asked = first;
        drip(answer);
      });
    });
    expect(look).toEqual({ verdict: "ready", level: "handshake", observed });
    if (asks !== undefined) expect(asked).toEqual(asks);
  });

  test("garbage is named", async () => {
    expect(await lookAt(protocol, liars.answersGarbage)).toEqual({
      verdict: "wrong",
      observed: expect.stringMatching(/^answered something else than \w+: \\x1b\[31mGARBAGE/),
    });
  });

  test("a closed connection is not yet", async () => {
    expect(await lookAt(protocol, liars.acceptsAndCloses)).toEqual({
      verdict: "not-yet",
      observed: "connection reset right after accept",
    });
  });

  test("an answer that breaks off is not yet", async () => {
    const look = await lookAt(protocol, (socket) => {
      if (speaksFirst) return socket.end(answer.subarray(0, 3));
      return socket.once("data", () => socket.end(answer.subarray(0, 3)));
    });
    expect(look).toMatchObject({ verdict: "not-yet" });
  });
});

test("every protocol is tried", () => {
  expect(cases.map((each) => each.protocol)).toEqual([...handshakeProtocols]);
});

test.each([
  ["mysql", mysqlPacket(Buffer.from([0xff, 0x10, 0x04, ...Buffer.from("Too many connections")])), "not-yet"],
  ["mysql", mysqlPacket(Buffer.from([0xff, 0x6a, 0x04, ...Buffer.from("Host is not allowed")])), "wrong"],
  ["amqp", Buffer.from("AMQP\0\x01\0\0"), "wrong"],
  ["kafka", Buffer.concat([int32(10), Buffer.from("roll"), bytes(0, 35), int32(0)]), "not-yet"],
  ["mongodb", mongoReply(0), "not-yet"],
  ["memcached", Buffer.from("SERVER_ERROR out of memory\r\n"), "not-yet"],
  ["smtp", Buffer.from("421 try later\r\n"), "not-yet"],
  ["smtp", Buffer.from("554 no\r\n"), "wrong"],
  ["zookeeper", Buffer.from("This ZooKeeper instance is not currently serving requests\n"), "not-yet"],
  ["zookeeper", Buffer.from("srvr is not executed because it is not in the whitelist.\n"), "wrong"],
  ["cassandra", bytes(0x84, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0x10, 1, 0, 2, 0x6e, 0x6f), "not-yet"],
] as const)("%s: a refusal in its own words is told (%#)", async (protocol, answer, verdict) => {
  const look = await lookAt(protocol, (socket) => {
    socket.write(answer);
  });
  expect(look.verdict).toBe(verdict);
  expect(look.observed).not.toMatch(/something else/);
});
