import { bootId } from "../../util/owner.ts";
import type { SystemUser } from "../../util/users.ts";
import type { RunIdentity, StartOrder } from "../types.ts";
import { ProcessInstance } from "./instance.ts";
import { marksOf } from "./marks.ts";
import type { ServerTrace } from "./members.ts";
import { countOomKills } from "./out-of-memory.ts";
import { spawnUnit } from "./spawn-unit.ts";
import { spawnError } from "./start-command.ts";

/** All that is needed to start a unit's leader. */
export interface Starting {
  readonly kind: "command" | "postgres" | "redis";
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user?: SystemUser | undefined;
  readonly input?: string;
  readonly binDir?: string | undefined;
  readonly server?: ServerTrace;
}

export async function startUnit(
  run: RunIdentity,
  order: StartOrder,
  starting: Starting,
): Promise<ProcessInstance> {
  const unit = order.unit.name;
  const { kind, argv, cwd, env, user, input, binDir, server } = starting;
  const oomKillsBefore = countOomKills();
  const { identity, logFrom, ended } = await spawnUnit({
    argv,
    cwd,
    env: { ...env, ...marksOf(run, unit) },
    logFile: order.logFile,
    user,
    input,
  }).catch((error: unknown) => {
    throw spawnError(unit, argv[0] ?? "", error);
  });
  return new ProcessInstance({
    runId: run.id,
    unit,
    incarnation: { id: String(identity.pid), pid: identity.pid, startTime: identity.startTime },
    logFrom,
    detail: { kind, bootId: bootId(), cwd, ports: order.ports, binDir, server },
    exited: ended.then((exit) => ({
      ...exit,
      // The kernel tells nobody whom it killed: a kill signal while its count went up.
      oomKilled: exit.signal === "SIGKILL" && (countOomKills() ?? 0) > (oomKillsBefore ?? 0),
    })),
    env: () => order.env,
    close: () => undefined,
  });
}
