import type { ProbeSpec } from "../stack/types.ts";
import { printable } from "./printable.ts";

/** What has to be seen, for plans and messages: "GET /health on http answers 200". */
export function describeProbe(spec: ProbeSpec): string {
  switch (spec.kind) {
    case "postgres":
      return printable(`query as ${spec.user} on ${spec.database}${on(spec.port)}`);
    case "redis":
      return `PING answers PONG${on(spec.port)}`;
    case "http":
      return printable(
        `${spec.method} ${spec.path}${on(spec.port)} answers ${statuses(spec.status)}${matches(spec)}`,
      );
    case "tcp":
      return spec.port === undefined ? "accepts connections" : `accepts connections on ${spec.port}`;
    case "handshake":
      return `${spec.protocol} handshake${on(spec.port)}`;
    case "exec":
      return printable(`${spec.argv.join(" ")} exits with 0`);
    case "log":
      return printable(`logs ${spec.times === 1 ? "" : `${spec.times} times `}/${spec.pattern}/`);
    case "all":
      return spec.probes.map(describeProbe).join(", and ");
    case "running":
      return "it runs";
  }
}

/** Long runs as ranges: "200 to 499". */
function statuses(all: readonly number[]): string {
  const runs: number[][] = [];
  for (const status of all) {
    const run = runs.at(-1);
    if (run?.at(-1) === status - 1) run.push(status);
    else runs.push([status]);
  }
  return runs.map((run) => (run.length > 3 ? `${run[0]} to ${run.at(-1)}` : run.join(" or "))).join(" or ");
}

function on(port: string | undefined): string {
  return port === undefined ? "" : ` on ${port}`;
}

function matches(spec: Extract<ProbeSpec, { kind: "http" }>): string {
  const wanted = Object.entries(spec.headerMatch).map(([name, pattern]) => `${name} matching /${pattern}/`);
  if (spec.bodyMatch !== undefined) wanted.push(`a body matching /${spec.bodyMatch}/`);
  return wanted.length === 0 ? "" : ` with ${wanted.join(" and ")}`;
}
