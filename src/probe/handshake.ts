import type { ProbeSpec } from "../stack/types.ts";
import { type Conversation, converse } from "./converse.ts";
import { type Greeting, greetings } from "./greetings.ts";
import { ready, wrong } from "./looks.ts";
import { printable } from "./printable.ts";
import type { Look, Probe, ProbeTarget } from "./types.ts";
import { withAddress } from "./with-address.ts";

type HandshakeSpec = Extract<ProbeSpec, { kind: "handshake" }>;

const longestGreetingBytes = 64 * 1024;

/** The first answer of a known protocol: it speaks it, but nothing has been asked of it yet. */
export function handshakeProbe(spec: HandshakeSpec, target: ProbeTarget, describe: string): Probe {
  const greeting = greetings[spec.protocol];
  return {
    describe,
    lookLimitMs: 2000,
    patientLimitMs: 8000,
    leastIntervalMs: 10,
    look: ({ signal }) =>
      withAddress(target, spec.port, (address) =>
        converse(address, signal, (conversation) => greet(conversation, greeting)),
      ),
  };
}

async function greet(conversation: Conversation, greeting: Greeting): Promise<Look> {
  if (greeting.ask === undefined) conversation.send("", "with the greeting");
  else conversation.send(greeting.ask, `to ${greeting.asked}`);
  for (;;) {
    await conversation.more();
    const { received } = conversation;
    const judged = greeting.judge(received);
    if (judged === "stranger" || (judged === undefined && received.length > longestGreetingBytes)) {
      return wrong(`answered something else than ${greeting.name}: ${printable(received)}`);
    }
    if (judged === undefined) continue;
    if (greeting.farewell !== undefined) conversation.send(greeting.farewell, "");
    return typeof judged === "string" ? ready("handshake", printable(judged)) : judged;
  }
}
