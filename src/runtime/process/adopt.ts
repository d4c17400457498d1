import { bootId } from "../../util/owner.ts";
import { isGone, readEnviron, readProcess } from "../../util/process-table.ts";
import type { Exit, InstanceRecord, RunIdentity } from "../types.ts";
import { readDetail } from "./detail.ts";
import { ProcessInstance } from "./instance.ts";
import { leadsUnit } from "./leads-unit.ts";
import { runMark, unitMark } from "./marks.ts";

/** Node offers no event for the end of a process that is not a child. */
const lookEveryMs = 50;

/** undefined: it has ended, however its pid is used now, or what the record names is somebody else's. */
export function adoptProcess(run: RunIdentity, record: InstanceRecord): ProcessInstance | undefined {
  const { pid, startTime } = record.incarnation;
  const detail = readDetail(record);
  if (pid === undefined || detail === undefined || detail.bootId !== bootId()) return undefined;
  const leader = readProcess(pid);
  if (leader?.startTime !== startTime || !leadsUnit(leader, run, detail)) return undefined;
  const end = watchEnd({ pid, startTime });
  return new ProcessInstance({
    runId: run.id,
    unit: record.unit,
    incarnation: { ...record.incarnation, pid },
    logFrom: record.logFrom ?? 0,
    detail,
    exited: end.exited,
    // Not kept in the record: it may hold secrets, and the process itself still has it.
    env: () => withoutMarks(readEnviron(pid) ?? {}),
    close: end.close,
  });
}

function watchEnd(leader: { readonly pid: number; readonly startTime: string }): {
  readonly exited: Promise<Exit>;
  readonly close: () => void;
} {
  let close = (): void => undefined;
  const exited = new Promise<Exit>((resolve) => {
    const timer = setInterval(() => {
      if (!isGone(leader)) return;
      clearInterval(timer);
      resolve({ exitCode: null, signal: null, oomKilled: false });
    }, lookEveryMs);
    timer.unref();
    close = () => clearInterval(timer);
  });
  return { exited, close };
}

function withoutMarks(environ: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(environ).filter(([name]) => name !== runMark && name !== unitMark),
  );
}
