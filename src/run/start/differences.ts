import { RollcallError } from "../../errors/rollcall-error.ts";
import type { UpRequest } from "../request.ts";
import type { RunRecord } from "../types.ts";

/** What keeps a request from attaching to a run, in words; empty: nothing. */
export function differences(record: RunRecord, request: UpRequest): readonly string[] {
  const { options, plan, definition } = request;
  const found: string[] = [];
  if (record.definition !== definition) found.push("it was started from another definition of the stack");
  if (options.runtime !== undefined && options.runtime !== "auto" && options.runtime !== record.runtime)
    found.push(`it runs on ${record.runtime}, not ${options.runtime}`);
  if (options.ports !== undefined && options.ports !== record.ports)
    found.push(`it has ${record.ports} ports, not ${options.ports}`);
  const units = new Set(record.units.map((unit) => unit.name));
  const missing = plan.steps.map((step) => step.unit.name).filter((name) => !units.has(name));
  if (missing.length > 0 && record.definition === definition)
    found.push(`it runs without ${missing.join(", ")}`);
  return found;
}

export function runExists(record: RunRecord, why: readonly string[]): RollcallError {
  return new RollcallError("RUN_EXISTS", {
    message: `${record.name} is up already (run ${record.run}) and cannot be attached to: ${why.join("; ")}.`,
  });
}
