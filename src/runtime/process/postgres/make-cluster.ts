import { chownSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { appendFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { RollcallError } from "../../../errors/rollcall-error.ts";
import type { PostgresProcess } from "../../../stack/types.ts";
import type { SystemUser } from "../../../util/users.ts";
import { runTool } from "../tool.ts";
import type { PostgresPrograms } from "./find-postgres.ts";
import { mayPass } from "./make-usable.ts";
import { settingsFile } from "./settings.ts";
import { removeSharedMemory } from "./shared-memory.ts";

export interface ClusterOrder {
  readonly unit: string;
  readonly form: PostgresProcess;
  readonly programs: PostgresPrograms;
  readonly unitDir: string;
  readonly user: SystemUser | undefined;
  /** Of every helper; carries the marks of the run. */
  readonly env: Readonly<Record<string, string>>;
  readonly log: (text: string) => void;
  readonly signal: AbortSignal;
  readonly port: number;
}

const settingsName = "rollcall.conf";
const completeName = "complete";

/**
 * The unit's data folder, with its database, after its init SQL; made unless a start before has done so.
 * Nothing of it stays when it fails or is aborted.
 */
export async function makeCluster(order: ClusterOrder): Promise<string> {
  const { unitDir, user, unit } = order;
  const dataDir = join(unitDir, "data");
  const complete = join(unitDir, completeName);
  if (existsSync(complete)) return dataDir;
  await discard(dataDir);
  mkdirSync(dataDir, { mode: 0o700 });
  if (user !== undefined) {
    chownSync(dataDir, user.uid, user.gid);
    await checkReachable(dataDir, user, unit);
  }
  try {
    await runInitdb(order, dataDir);
    await appendFile(join(dataDir, "postgresql.conf"), `\ninclude '${settingsName}'\n`);
    writeSettings(order, dataDir);
    // Brings its client along, which only new data need.
    const { fillDatabase } = await import("./fill-database.ts");
    await fillDatabase(order, dataDir);
    writeFileSync(complete, "", { mode: 0o600 });
  } catch (error) {
    await discard(dataDir);
    throw error;
  }
  return dataDir;
}

/** As long as shared memory can't be removed, the folder stays: it is all that knows of it. */
async function discard(dataDir: string): Promise<void> {
  if (await removeSharedMemory(dataDir)) await rm(dataDir, { recursive: true, force: true });
}

/** Also before every start: the port may be another one. */
export function writeSettings(order: Pick<ClusterOrder, "form" | "user" | "port">, dataDir: string): void {
  const file = join(dataDir, settingsName);
  writeFileSync(file, settingsFile(order.form, order.port), { mode: 0o600 });
  if (order.user !== undefined) chownSync(file, order.user.uid, order.user.gid);
}

async function runInitdb(order: ClusterOrder, dataDir: string): Promise<void> {
  const { form, programs, unitDir, env, user, signal, unit } = order;
  const passwordFile = join(unitDir, "initial-password");
  writeFileSync(passwordFile, `${form.password}\n`, { mode: 0o600 });
  if (user !== undefined) chownSync(passwordFile, user.uid, user.gid);
  const initdb = (ctype: string) =>
    runTool({
      argv: [
        join(programs.binDir, "initdb"),
        ...["-D", dataDir, "-U", form.user, "--pwfile", passwordFile],
        ...["--auth-host=scram-sha-256", "--auth-local=trust", "--encoding=UTF8"],
        ...["--locale=C", `--lc-ctype=${ctype}`, "--no-sync", "--no-instructions"],
      ],
      cwd: unitDir,
      env,
      user,
      signal,
    });
  try {
    let result = await initdb("C.UTF-8");
    // Not every system has it.
    if (result.exitCode !== 0 && /invalid locale/.test(result.output)) result = await initdb("C");
    order.log(result.output);
    if (result.exitCode === 0) return;
    throw new RollcallError("START_FAILED", {
      service: unit,
      exitCode: result.exitCode,
      message: `initdb could not make the data folder of ${unit}: ${lastLine(result.output)}`,
      hint: "Read initdb's last lines.",
      logTail: result.output.trimEnd().split("\n").slice(-20),
    });
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

async function checkReachable(dataDir: string, user: SystemUser, unit: string): Promise<void> {
  if (await mayPass(join(dataDir, "."), user)) return;
  throw new RollcallError("START_FAILED", {
    service: unit,
    message: `PostgreSQL refuses to run as root, and the user ${user.name} can't reach ${dirname(dataDir)}.`,
    hint: "Set TMPDIR to a folder that everybody may pass through, such as /tmp.",
  });
}

function lastLine(output: string): string {
  return output.trimEnd().split("\n").at(-1) ?? "";
}
