import { sameIncarnation } from "../../conductor/gates.ts";
import { probeTarget } from "../../conductor/probe-target.ts";
import { createProbe } from "../../probe/create.ts";
import type { Outcome } from "../../probe/types.ts";
import { untilReady } from "../../probe/until.ts";
import type { Instance } from "../../runtime/types.ts";
import type { Service } from "../../stack/types.ts";
import type { Mask } from "../../util/mask.ts";
import { shownLine } from "../../util/shown.ts";

interface Proving {
  readonly service: Service;
  readonly instance: Instance;
  readonly logFile: string;
  readonly signal: AbortSignal;
  readonly mask: Mask;
}

export type Proof = Extract<Outcome, { kind: "ready" }>;

/** Proves a gate again for exactly this incarnation; otherwise says why not. What was seen is safe to show. */
export async function prove(proving: Proving): Promise<Proof | string> {
  const { service, instance, logFile, signal, mask } = proving;
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
        ? { ...outcome, observed: shownLine(outcome.observed, mask) }
        : `${service.name} has been replaced`;
    case "exited":
      return `${service.name} has ended`;
    case "wrong":
    case "budget":
      return `${service.name} does not answer as it should: ${shownLine(outcome.lastObserved ?? "no answer", mask)}`;
    case "aborted":
      throw outcome.reason;
  }
}
