import { levels } from "../stack/types.ts";
import { LookAborted, notYet, ready, wrong } from "./looks.ts";
import type { Look, Probe } from "./types.ts";

/** Ready when all are; the level is the highest that was proven, and one wrong answer makes it wrong. */
export function allProbe(probes: readonly Probe[], describe: string): Probe {
  return {
    describe,
    lookLimitMs: Math.max(0, ...probes.map((probe) => probe.lookLimitMs)),
    patientLimitMs: Math.max(0, ...probes.map((probe) => probe.patientLimitMs ?? probe.lookLimitMs)),
    leastIntervalMs: Math.max(0, ...probes.map((probe) => probe.leastIntervalMs)),
    look: async ({ signal }) => {
      const settled = await Promise.allSettled(probes.map((probe) => probe.look({ signal })));
      const looks: Look[] = [];
      const silent: string[] = [];
      for (const [index, result] of settled.entries()) {
        if (result.status === "fulfilled") looks.push(result.value);
        else if (result.reason instanceof LookAborted)
          silent.push(`${result.reason.waitingFor} (${probes[index]?.describe})`.trimStart());
        else throw result.reason;
      }
      if (silent.length > 0) throw new LookAborted(silent.join(", "));
      return join(looks);
    },
  };
}

function join(looks: readonly Look[]): Look {
  const observed = (verdict: Look["verdict"]): string =>
    looks
      .filter((look) => look.verdict === verdict)
      .map((look) => look.observed)
      .join("; ");
  if (looks.some((look) => look.verdict === "wrong")) return wrong(observed("wrong"));
  if (looks.some((look) => look.verdict === "not-yet")) return notYet(observed("not-yet"));
  const proven = looks.map((look) => (look.verdict === "ready" ? levels.indexOf(look.level) : 0));
  return ready(levels[Math.max(0, ...proven)] ?? "running", observed("ready"));
}
