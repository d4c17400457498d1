import { sameIncarnation } from "../conductor/gates.ts";
import { probeTarget } from "../conductor/probe-target.ts";
import { createProbe } from "../probe/create.ts";
import type { Outcome } from "../probe/types.ts";
import { untilReady } from "../probe/until.ts";
import type { Instance } from "../runtime/types.ts";
import type { Service } from "../stack/types.ts";

interface Proving {
  readonly service: Service;
  readonly instance: Instance;
  readonly logFile: string;
  readonly signal: AbortSignal;
}

export type Proof = Extract<Outcome, { kind: "ready" }>;

/** Proves a gate again for exactly this incarnation; otherwise says why not. */
export async function prove({ service, instance, logFile, signal }: Proving): Promise<Proof | string> {
  const outcome = await untilReady({
    probe: createProbe(service.ready, probeTarget(service, instance, logFile)),
    alive: () => instance.alive(),
    exited: instance.exited,
    budgetMs: service.budgetMs,
    signal,
    onObserved: () => {},
  });
  switch (outcome.kind) {
    case "ready":
      return sameIncarnation(outcome.incarnation, instance.incarnation)
        ? outcome
        : `${service.name} has been replaced`;
    case "exited":
      return `${service.name} has ended`;
    case "wrong":
    case "budget":
      return `${service.name} does not answer as it should: ${outcome.lastObserved ?? "no answer"}`;
    case "aborted":
      throw outcome.reason;
  }
}
