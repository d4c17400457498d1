import type { ProbeSpec } from "../stack/types.ts";
import { type Conversation, converse } from "./converse.ts";
import { ready } from "./looks.ts";
import { printable } from "./printable.ts";
import type { Probe, ProbeTarget } from "./types.ts";
import { withAddress } from "./with-address.ts";

type TcpSpec = Extract<ProbeSpec, { kind: "tcp" }>;

/**
 * An engine's proxy accepts before anybody listens behind it, and closes as soon as it has noticed: a connection counts
 * only when it has lasted so long.
 */
const lastsMs = 30;

export function tcpProbe(spec: TcpSpec, target: ProbeTarget, describe: string): Probe {
  return {
    describe,
    lookLimitMs: 1000,
    leastIntervalMs: 0,
    look: ({ signal }) =>
      withAddress(target, spec.port, (address) =>
        converse(address, signal, async (conversation) => {
          await lasts(conversation);
          const { received } = conversation;
          return ready(
            "listening",
            received.length === 0
              ? `accepts connections on port ${address.port}`
              : `accepts connections on port ${address.port} and says: ${printable(received)}`,
          );
        }),
      ),
  };
}

/** Throws when the connection ends within the moment. */
async function lasts(conversation: Conversation): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const lasted = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, lastsMs);
  });
  const ended = untilEnd(conversation);
  // It may still end after the look has been decided.
  ended.catch(() => {});
  try {
    await Promise.race([ended, lasted]);
  } finally {
    clearTimeout(timer);
  }
}

async function untilEnd(conversation: Conversation): Promise<never> {
  for (;;) await conversation.more();
}
