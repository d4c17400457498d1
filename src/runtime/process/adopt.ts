import { bootId } from "../../util/owner.ts";
import { isSame, readEnviron } from "../../util/process-table.ts";
import type { Exit, InstanceRecord } from "../types.ts";
import { readDetail } from "./detail.ts";
import { ProcessInstance } from "./instance.ts";
import { runMark, unitMark } from "./marks.ts";

/** Node offers no event for the end of a process that is not a child. */
const lookEveryMs = 50;

/** undefined: it has ended, however its pid is used now. */
export function adoptProcess(runId: string, record: InstanceRecord): ProcessInstance | undefined {
  const { pid, startTime } = record.incarnation;
  const detail = readDetail(record);
  if (pid === undefined || detail === undefined || detail.bootId !== bootId()) return undefined;
  if (!isSame({ pid, startTime }) || isForeign(pid, runId)) return undefined;
  const end = watchEnd({ pid, startTime });
  return new ProcessInstance({
    runId,
    unit: record.unit,
    incarnation: { ...record.incarnation, pid },
    detail,
    exited: end.exited,
    // Not kept in the record: it may hold secrets, and the process itself still has it.
    env: () => withoutMarks(readEnviron(pid) ?? {}),
    close: end.close,
  });
}

/**
 * Whatever a record says, a process with an environment of its own and without the run's mark is somebody else's.
 * Servers that overwrite their environment for a title lose the mark, and with it PATH, which stands before it.
 */
function isForeign(pid: number, runId: string): boolean {
  const environ = readEnviron(pid);
  return environ?.["PATH"] !== undefined && environ[runMark] !== runId;
}

function watchEnd(leader: { readonly pid: number; readonly startTime: string }): {
  readonly exited: Promise<Exit>;
  readonly close: () => void;
} {
  let close = (): void => undefined;
  const exited = new Promise<Exit>((resolve) => {
    const timer = setInterval(() => {
      if (isSame(leader)) return;
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
