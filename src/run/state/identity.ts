import type { RunIdentity } from "../../runtime/types.ts";
import type { RunRecord } from "../types.ts";

export function identityOf(dir: string, record: RunRecord): RunIdentity {
  const { run, stack, name, tempDir } = record;
  return { id: run, stack, name, dir, tempDir };
}
