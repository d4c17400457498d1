import type { ProbeSpec } from "../stack/types.ts";
import { type Conversation, Cut, converse, takeLine } from "./converse.ts";
import { notYet, ready, wrong } from "./looks.ts";
import { printable } from "./printable.ts";
import type { Look, Probe, ProbeTarget } from "./types.ts";
import { withAddress } from "./with-address.ts";

type RedisSpec = Extract<ProbeSpec, { kind: "redis" }>;

const longestReply = 4096;
// https://redis.io/docs/latest/develop/reference/protocol-spec/
const replyTypes = "+-:$*_#,(!=%~>";
/** Error words that pass by themselves. */
const passing = new Set(["LOADING", "MASTERDOWN", "BUSY", "CLUSTERDOWN", "TRYAGAIN"]);

export function redisProbe(spec: RedisSpec, target: ProbeTarget, describe: string): Probe {
  return {
    describe,
    lookLimitMs: 1000,
    leastIntervalMs: 0,
    look: ({ signal }) =>
      withAddress(target, spec.port, (address) =>
        converse(address, signal, (conversation) => ping(conversation, spec)),
      ),
  };
}

async function ping(conversation: Conversation, spec: RedisSpec): Promise<Look> {
  if (spec.password !== undefined) {
    const user = spec.username === undefined ? [] : [spec.username];
    conversation.send(command("AUTH", ...user, spec.password), "to AUTH");
    const answer = await reply(conversation);
    if (answer !== "+OK") return judge("AUTH", answer);
  }
  conversation.send(command("PING"), "to PING");
  const answer = await reply(conversation);
  return answer === "+PONG" ? ready("query", "PING answered PONG") : judge("PING", answer);
}

function judge(asked: string, answer: string): Look {
  const observed = `${asked} answered ${printable(answer.replace(/^-/, ""))}`;
  const word = /^-(\S+)/.exec(answer)?.[1];
  if (word !== undefined && passing.has(word)) return notYet(observed);
  if (answer.startsWith("-ERR max number of clients")) return notYet(observed);
  return wrong(observed);
}

/** The answer's first line, which is all of a simple string and of an error. */
async function reply(conversation: Conversation): Promise<string> {
  for (;;) {
    const { received } = conversation;
    const first = received.subarray(0, 1).toString("latin1");
    if (first !== "" && (!replyTypes.includes(first) || received.length > longestReply)) {
      throw new Cut(wrong(`answered something else than Redis: ${printable(received)}`));
    }
    const line = takeLine(conversation);
    if (line !== undefined) return line;
    await conversation.more();
  }
}

function command(...words: readonly string[]): string {
  const bulk = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("");
  return `*${words.length}\r\n${bulk}`;
}
