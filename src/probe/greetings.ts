import type { HandshakeProtocol } from "../stack/types.ts";
import { frame, kafkaRequest, mongoHello } from "./greeting-bytes.ts";
import { notYet, wrong } from "./looks.ts";
import { printable } from "./printable.ts";
import type { Look } from "./types.ts";

/** undefined: more bytes are needed; "stranger": another protocol; another text: proof, what was observed. */
type Judged = string | Look | undefined;

export interface Greeting {
  /** As people write it. */
  readonly name: string;
  /** undefined: the server speaks first. */
  readonly ask?: Buffer | string;
  /** For messages: "OPTIONS". */
  readonly asked?: string;
  readonly farewell?: string;
  judge(received: Buffer): Judged;
}

export const greetings: Readonly<Record<HandshakeProtocol, Greeting>> = {
  mysql: { name: "MySQL", judge: judgeMysql },
  amqp: {
    name: "AMQP",
    ask: Buffer.from("AMQP\0\0\x09\x01", "latin1"),
    asked: "the AMQP 0-9-1 header",
    judge: judgeAmqp,
  },
  kafka: { name: "Kafka", ask: kafkaRequest, asked: "ApiVersions", judge: judgeKafka },
  mongodb: { name: "MongoDB", ask: mongoHello, asked: "hello", judge: judgeMongodb },
  memcached: {
    name: "memcached",
    ask: "version\r\n",
    asked: "version",
    judge: (received) => {
      const text = firstLine(received, "VERSION ");
      if (text === undefined || text === "stranger") return judgeMemcachedError(received) ?? text;
      return `version answered ${text.slice("VERSION ".length)}`;
    },
  },
  nats: {
    name: "NATS",
    judge: (received) => {
      const text = firstLine(received, "INFO ");
      if (text === undefined || text === "stranger") return text;
      const version = /"version"\s*:\s*"([^"]*)"/.exec(text)?.[1];
      return `INFO of NATS ${version ?? "of unknown version"}`;
    },
  },
  smtp: { name: "SMTP", farewell: "QUIT\r\n", judge: judgeSmtp },
  zookeeper: { name: "ZooKeeper", ask: "srvr", asked: "srvr", judge: judgeZookeeper },
  cassandra: {
    name: "Cassandra",
    // Version 4, OPTIONS, no body: native_protocol_v4.spec.
    ask: Buffer.from([0x04, 0, 0, 0, 0x05, 0, 0, 0, 0]),
    asked: "OPTIONS",
    judge: judgeCassandra,
  },
};

/** The first line once it is complete; "stranger" as soon as it cannot become what is expected. */
function firstLine(received: Buffer, start: string): string | undefined {
  const text = received.toString("utf8");
  if (!text.startsWith(start.slice(0, text.length))) return "stranger";
  const end = text.indexOf("\n");
  return end < 0 ? undefined : text.slice(0, end).trimEnd();
}

function judgeMemcachedError(received: Buffer): Look | undefined {
  const text = received.toString("utf8");
  if (!text.endsWith("\n")) return undefined;
  return /^(SERVER_)?ERROR\b/.test(text) ? notYet(`version answered ${printable(text)}`) : undefined;
}

/** https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_v10.html */
function judgeMysql(received: Buffer): Judged {
  if (received.length < 5) return undefined;
  const length = received.readUIntLE(0, 3);
  const kind = received[4];
  if (received[3] !== 0 || length > 1024 || (kind !== 10 && kind !== 0xff)) return "stranger";
  if (received.length < 4 + length) return undefined;
  const body = received.subarray(5, 4 + length);
  if (kind === 10) return `greeting of MySQL ${body.subarray(0, body.indexOf(0)).toString("latin1")}`;
  const code = body.length < 2 ? 0 : body.readUInt16LE(0);
  const said = `error ${code}: ${printable(body.subarray(2))}`;
  const hostRefused = code === 1129 || code === 1130;
  return hostRefused ? wrong(said) : notYet(said);
}

/** Frame type 1, channel 0, class 10, method 10: Connection.Start. */
function judgeAmqp(received: Buffer): Judged {
  if (received[0] === 0x41) {
    if (received.length < 8) return undefined;
    const version = [...received.subarray(4, 8)].join("-");
    return received.toString("latin1", 0, 4) === "AMQP"
      ? wrong(`speaks only AMQP ${version}, not 0-0-9-1`)
      : "stranger";
  }
  if (received[0] !== 1 || (received[1] ?? 0) !== 0 || (received[2] ?? 0) !== 0) return "stranger";
  if (received.length < 13) return undefined;
  if (received.readUInt16BE(7) !== 10 || received.readUInt16BE(9) !== 10) return "stranger";
  return `Connection.Start of AMQP ${received[11]}-${received[12]}`;
}

/** Length, correlation id, error code, APIs: https://kafka.apache.org/protocol */
function judgeKafka(received: Buffer): Judged {
  const body = frame(received, 0, 1024 * 1024);
  if (body === undefined || body === "stranger") return body;
  if (body.length < 10 || body.readInt32BE(0) !== kafkaRequest.readInt32BE(8)) return "stranger";
  const error = body.readInt16BE(4);
  if (error !== 0) return notYet(`ApiVersions answered error ${error}`);
  return `ApiVersions answered ${body.readInt32BE(6)} APIs`;
}

/** OP_MSG with a document whose "ok" is 1. */
function judgeMongodb(received: Buffer): Judged {
  if (received.length < 16) return undefined;
  const length = received.readInt32LE(0);
  const opMsg = 2013;
  if (length < 26 || length > 1024 * 1024 || received.readInt32LE(12) !== opMsg) return "stranger";
  if (received.length < length) return undefined;
  const ok = received.indexOf(Buffer.from("\x01ok\0", "latin1"));
  if (ok < 0 || ok + 12 > length || received.readDoubleLE(ok + 4) !== 1) {
    return notYet(`hello answered: ${printable(received.subarray(21, length))}`);
  }
  const wire = received.indexOf(Buffer.from("\x10maxWireVersion\0", "latin1"));
  const version = wire < 0 || wire + 20 > length ? "" : `, wire version ${received.readInt32LE(wire + 16)}`;
  return `hello answered ok${version}`;
}

function judgeSmtp(received: Buffer): Judged {
  const text = received.toString("utf8");
  if (!/^\d{0,3}$/.test(text.slice(0, 3))) return "stranger";
  const last = /^(\d{3})(?: .*)?\r?\n/m.exec(text);
  if (last === null) return undefined;
  const said = printable(last[0]);
  if (last[1] === "220") return said;
  return last[1]?.startsWith("4") ? notYet(said) : wrong(said);
}

/** https://zookeeper.apache.org/doc/current/zookeeperAdmin.html#sc_zkCommands */
function judgeZookeeper(received: Buffer): Judged {
  const text = received.toString("utf8");
  if (text.includes("\n") && text.includes("not currently serving")) return notYet(printable(text));
  if (text.includes("is not executed because it is not in the whitelist")) return wrong(printable(text));
  const start = "Zookeeper version: ";
  if (text.startsWith("This ZooKeeper") || text.startsWith("srvr is")) return undefined;
  if (!text.startsWith(start.slice(0, text.length)) && !"This ZooKeeper".startsWith(text)) {
    return "srvr is".startsWith(text) ? undefined : "stranger";
  }
  const mode = /^Mode: (\w+)\s*\n/m.exec(text)?.[1];
  const version = /^Zookeeper version: ([^\s,-]+)/.exec(text)?.[1];
  return mode === undefined || version === undefined ? undefined : `srvr answered ${version}, ${mode}`;
}

function judgeCassandra(received: Buffer): Judged {
  if (((received[0] ?? 0) & 0x80) === 0) return "stranger";
  const body = frame(received, 5, 1024 * 1024);
  if (body === undefined || body === "stranger") return body;
  const [error, supported] = [0x00, 0x06];
  if (received[4] === supported) return "OPTIONS answered SUPPORTED";
  if (received[4] !== error || body.length < 6) return "stranger";
  return notYet(`OPTIONS answered: ${printable(body.subarray(6))}`);
}
