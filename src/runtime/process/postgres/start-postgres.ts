import { closeSync, realpathSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { PostgresProcess } from "../../../stack/types.ts";
import type { RunIdentity, StartOrder } from "../../types.ts";
import { firstPort } from "../first-port.ts";
import { baseEnvironment, marksOf } from "../marks.ts";
import { openLog } from "../spawn-unit.ts";
import type { Starting } from "../start-unit.ts";
import { makeUnitDir, noteServer } from "../temp-dir.ts";
import type { PostgresPrograms } from "./find-postgres.ts";
import { type ClusterOrder, makeCluster, writeSettings } from "./make-cluster.ts";
import { serverUser } from "./server-user.ts";

/** Makes the data folder when there is none, and says how the server is started on it. */
export async function startPostgres(starting: {
  readonly form: PostgresProcess;
  readonly order: StartOrder;
  readonly run: RunIdentity;
  readonly programs: Promise<PostgresPrograms>;
  readonly signal: AbortSignal;
}): Promise<Starting> {
  const { form, order, run, signal } = starting;
  const programs = await starting.programs;
  const unit = order.unit.name;
  const user = serverUser();
  const unitDir = realpathSync(makeUnitDir(run, unit));
  const server = noteServer(unitDir, realpathSync(join(programs.binDir, "postgres")));
  const env = { ...baseEnvironment(), ...order.env, LC_ALL: "C", TZ: "UTC", HOME: unitDir };
  const log = openLog(order.logFile);
  const cluster: ClusterOrder = {
    unit,
    form,
    programs,
    unitDir,
    user,
    env: { ...env, ...marksOf(run, unit) },
    log: (text) => void writeSync(log, text),
    signal,
    port: firstPort(order),
  };
  try {
    const dataDir = await makeCluster(cluster);
    writeSettings(cluster, dataDir);
    return {
      kind: "postgres",
      argv: [join(programs.binDir, "postgres"), "-D", dataDir],
      cwd: dataDir,
      env,
      user,
      binDir: programs.binDir,
      server,
    };
  } finally {
    closeSync(log);
  }
}
