import type { ProbeSpec } from "../stack/types.ts";
import { allProbe } from "./all.ts";
import { describeProbe } from "./describe.ts";
import { execProbe } from "./exec.ts";
import { handshakeProbe } from "./handshake.ts";
import { httpProbe } from "./http.ts";
import { logProbe } from "./log.ts";
import { postgresProbe } from "./postgres.ts";
import { redisProbe } from "./redis.ts";
import { runningProbe } from "./running.ts";
import { tcpProbe } from "./tcp.ts";
import type { Probe, ProbeTarget } from "./types.ts";

/** A probe for one start of one service: what it has read of the log belongs to that start. */
export function createProbe(spec: ProbeSpec, target: ProbeTarget): Probe {
  const describe = describeProbe(spec);
  switch (spec.kind) {
    case "postgres":
      return postgresProbe(spec, target, describe);
    case "redis":
      return redisProbe(spec, target, describe);
    case "http":
      return httpProbe(spec, target, describe);
    case "tcp":
      return tcpProbe(spec, target, describe);
    case "handshake":
      return handshakeProbe(spec, target, describe);
    case "exec":
      return execProbe(spec, target, describe);
    case "log":
      return logProbe(spec, target, describe);
    case "all":
      return allProbe(
        spec.probes.map((each) => createProbe(each, target)),
        describe,
      );
    case "running":
      return runningProbe(describe);
  }
}
