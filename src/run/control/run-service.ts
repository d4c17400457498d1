import { readLogTail } from "../../conductor/log-tail.ts";
import { RollcallError } from "../../errors/rollcall-error.ts";
import { stackMask } from "../../journal/mask-event.ts";
import type { PublishedPort } from "../../runtime/types.ts";
import type { RunSession } from "../session.ts";
import { logFileOf } from "../state/folders.ts";
import type { RunService, UnitRecord } from "../types.ts";
import { currentInstance } from "./current-instance.ts";
import { killService } from "./kill-service.ts";
import { restartService } from "./restart-service.ts";
import type { RunScopes } from "./run-scopes.ts";
import type { RunWatch } from "./watch-run.ts";

/** Longest run of a command in a service's place, in milliseconds. */
const execLimitMs = 10 * 60_000;

/** One service of a run that is up. Throws USAGE when the run has none of this name. */
export function createRunService(
  name: string,
  session: RunSession,
  watch: RunWatch,
  scopes: RunScopes,
): RunService {
  const unit = session.record.units.find((each) => each.name === name && each.kind === "service");
  if (unit === undefined) throw unknownService(name, session);
  const address = (port?: string) => addressOf(unit, port);
  const instance = () => currentInstance(name, session, watch);
  return {
    name,
    host: "127.0.0.1",
    get port() {
      return address().port;
    },
    url: (port) => unit.urls[portOf(unit, port).name] ?? "",
    address,
    logs: async ({ tail = 100 } = {}) => {
      await watch.refresh();
      await session.instances.get(name)?.catchUpLog?.();
      const mask = stackMask(session.request.stack);
      return (await readLogTail(logFileOf(session.dir, name), { lines: tail, mask })).join("\n");
    },
    exec: async (argv) => (await instance()).exec(argv, { signal: AbortSignal.timeout(execLimitMs) }),
    pause: async () => (await instance()).pause(),
    resume: async () => (await instance()).resume(),
    kill: () => killService(name, session, watch),
    restart: () => restartService(name, session, watch),
    ...scopes.of(name, address),
  };
}

function portOf(unit: UnitRecord, port: string | undefined): PublishedPort {
  const found = port === undefined ? unit.ports[0] : unit.ports.find((each) => each.name === port);
  if (found !== undefined) return found;
  const names = unit.ports.map((each) => each.name).join(", ");
  throw new RollcallError("USAGE", {
    service: unit.name,
    message: `${unit.name} has no port ${port ?? "at all"}; it has: ${names || "none"}.`,
    hint: "Name one of its ports.",
  });
}

function addressOf(unit: UnitRecord, port: string | undefined) {
  return { host: "127.0.0.1", port: portOf(unit, port).host };
}

function unknownService(name: string, { record }: RunSession): RollcallError {
  const names = record.units.filter((unit) => unit.kind === "service").map((unit) => unit.name);
  return new RollcallError("USAGE", {
    message: `There is no service ${name} in this run; it has: ${names.join(", ")}.`,
    hint: "Name one of its services.",
  });
}
