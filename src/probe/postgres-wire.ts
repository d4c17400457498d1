import { type Conversation, Cut } from "./converse.ts";
import { notYet, wrong } from "./looks.ts";
import { printable } from "./printable.ts";
import type { Look } from "./types.ts";

/** https://www.postgresql.org/docs/current/protocol-message-formats.html */
export interface Message {
  readonly type: string;
  readonly body: Buffer;
}

const knownTypes = "RESNKZvTDCI";
const longestMessage = 64 * 1024;

export function startup(parameters: Readonly<Record<string, string>>): Buffer {
  const protocol3 = 196_608;
  const pairs = Object.entries(parameters).map(([name, value]) => `${name}\0${value}\0`);
  const body = Buffer.from(`${pairs.join("")}\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(body.length + 8, 0);
  head.writeInt32BE(protocol3, 4);
  return Buffer.concat([head, body]);
}

export function message(type: string, body: Buffer | string): Buffer {
  const bytes = Buffer.from(body);
  const head = Buffer.alloc(5);
  head.write(type, 0, "latin1");
  head.writeInt32BE(bytes.length + 4, 1);
  return Buffer.concat([head, bytes]);
}

/** The next message. An error, or what is no message of PostgreSQL, ends the look. */
export async function nextMessage(conversation: Conversation): Promise<Message> {
  for (;;) {
    const { received } = conversation;
    const type = received.subarray(0, 1).toString("latin1");
    const lengthBytes = received.length < 5 ? undefined : received.readInt32BE(1);
    if (type !== "" && (!knownTypes.includes(type) || !isLength(lengthBytes))) {
      throw new Cut(stranger(received));
    }
    if (lengthBytes !== undefined && received.length > lengthBytes) {
      const body = conversation.take(lengthBytes + 1).subarray(5);
      if (type === "E") throw new Cut(judgeError(body));
      return { type, body };
    }
    await conversation.more();
  }
}

function isLength(bytes: number | undefined): boolean {
  return bytes === undefined || (bytes >= 4 && bytes <= longestMessage);
}

function stranger(received: Buffer): Look {
  // A postmaster that cannot fork answers in the form of 1997: "E", a text, NUL.
  const old = /^E([ -~]*could not fork[ -~]*)/.exec(received.toString("latin1"))?.[1];
  if (old !== undefined) return notYet(printable(old));
  return wrong(`answered something else than PostgreSQL: ${printable(received)}`);
}

/**
 * Whether an error passes by itself, by its SQLSTATE: connection exceptions, resources, operator intervention
 * (57P03 while it starts), system errors.
 */
const passingClasses = new Set(["08", "53", "57", "58", "XX"]);

function judgeError(body: Buffer): Look {
  const fields = new Map<string, string>();
  for (const field of body.toString("utf8").split("\0")) fields.set(field.slice(0, 1), field.slice(1));
  const code = fields.get("C") ?? "";
  const observed = printable(`${fields.get("M") ?? "an error without a message"} (${code})`);
  return passingClasses.has(code.slice(0, 2)) ? notYet(observed) : wrong(observed);
}
