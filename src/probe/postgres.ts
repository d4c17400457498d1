import { createHash } from "node:crypto";
import type { ProbeSpec } from "../stack/types.ts";
import { type Conversation, Cut, converse } from "./converse.ts";
import { notYet, ready, wrong } from "./looks.ts";
import { message, nextMessage, startup } from "./postgres-wire.ts";
import { printable } from "./printable.ts";
import { type Scram, scram } from "./scram.ts";
import type { Look, Probe, ProbeTarget } from "./types.ts";
import { withAddress } from "./with-address.ts";

type PostgresSpec = Extract<ProbeSpec, { kind: "postgres" }>;

/** https://www.postgresql.org/docs/current/protocol-flow.html */
export function postgresProbe(spec: PostgresSpec, target: ProbeTarget, describe: string): Probe {
  return {
    describe,
    lookLimitMs: 2000,
    patientLimitMs: 8000,
    // Every look costs the server a process.
    leastIntervalMs: 10,
    look: ({ signal }) =>
      withAddress(target, spec.port, (address) =>
        converse(address, signal, (conversation) => query(conversation, spec)),
      ),
  };
}

async function query(conversation: Conversation, spec: PostgresSpec): Promise<Look> {
  const { user, database } = spec;
  conversation.send(
    startup({ user, database, application_name: "rollcall", client_encoding: "UTF8" }),
    "to the startup message",
  );
  await authenticate(conversation, spec);
  const version = await untilReadyForQuery(conversation);
  conversation.send(message("Q", "SELECT 1\0"), "to SELECT 1");
  const value = await selected(conversation);
  conversation.send(message("X", ""), "");
  if (value !== "1") return wrong(`SELECT 1 answered ${printable(value ?? "nothing")}`);
  return ready("query", `SELECT 1 answered by PostgreSQL ${printable(version)} as ${user} on ${database}`);
}

async function authenticate(conversation: Conversation, spec: PostgresSpec): Promise<void> {
  let exchange: Scram | undefined;
  for (;;) {
    const { type, body } = await nextMessage(conversation);
    if (type !== "R") continue;
    const method = body.length < 4 ? -1 : body.readInt32BE(0);
    const detail = body.subarray(4);
    const answer = (bytes: Buffer | string): void =>
      conversation.send(message("p", bytes), "to the password");
    switch (method) {
      case 0:
        return;
      case 3:
        answer(`${spec.password}\0`);
        break;
      case 5:
        answer(`md5${md5(md5(spec.password + spec.user), detail.subarray(0, 4))}\0`);
        break;
      case 10:
        exchange = scram(spec.password);
        answer(saslStart(detail, exchange.first));
        break;
      case 11:
        answer(await saslAnswer(exchange, detail));
        break;
      case 12:
        if (!exchange?.verify(detail.toString("utf8"))) throw new Cut(wrong("its SCRAM signature is wrong"));
        break;
      default:
        throw new Cut(
          wrong(`it asks for the authentication method ${method}, which rollcall does not speak`),
        );
    }
  }
}

function saslStart(mechanisms: Buffer, first: string): Buffer {
  const offered = mechanisms.toString("latin1").split("\0");
  if (!offered.includes("SCRAM-SHA-256")) {
    throw new Cut(wrong(`it offers only ${printable(offered.filter(Boolean).join(", "))}`));
  }
  const length = Buffer.alloc(4);
  length.writeInt32BE(Buffer.byteLength(first));
  return Buffer.concat([Buffer.from("SCRAM-SHA-256\0"), length, Buffer.from(first)]);
}

async function saslAnswer(exchange: Scram | undefined, challenge: Buffer): Promise<string> {
  const answer = await exchange?.answer(challenge.toString("utf8"));
  if (answer === undefined) throw new Cut(wrong("its SCRAM challenge makes no sense"));
  return answer;
}

/** The server's version. */
async function untilReadyForQuery(conversation: Conversation): Promise<string> {
  let version = "of unknown version";
  for (;;) {
    const { type, body } = await nextMessage(conversation);
    if (type === "Z") return version;
    const [name, value] = body.toString("utf8").split("\0");
    // Packagers add to it: "16.4 (Debian 16.4-1.pgdg120+1)".
    if (type === "S" && name === "server_version") version = value?.split(" ")[0] ?? version;
  }
}

/** The one value of the one row. */
async function selected(conversation: Conversation): Promise<string | undefined> {
  let value: string | undefined;
  for (;;) {
    const { type, body } = await nextMessage(conversation);
    if (type === "D") value = body.subarray(6).toString("utf8");
    if (type !== "Z") continue;
    if (value === undefined) throw new Cut(notYet("SELECT 1 answered without a row"));
    return value;
  }
}

function md5(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash("md5");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}
