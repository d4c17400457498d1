import type { StartOrder } from "../runtime/types.ts";
import { addressesFor, resolveTemplate } from "../stack/resolve.ts";
import type { Template, Unit } from "../stack/types.ts";
import type { Conducting } from "./types.ts";

/** All that a runtime needs to start a unit: every reference is an address as this unit sees it. */
export function startOrder(
  unit: Unit,
  { stack, runtime, ports, logFile }: Pick<Conducting, "stack" | "runtime" | "ports" | "logFile">,
): StartOrder {
  const address = addressesFor({ reader: unit.name, addressing: runtime.addressing, stack, ports });
  const resolve = (template: Template) => resolveTemplate(template, { stack, address });
  return {
    unit,
    env: Object.fromEntries(Object.entries(unit.env).map(([key, template]) => [key, resolve(template)])),
    ports: ports.get(unit.name) ?? [],
    resolve,
    logFile: logFile(unit.name),
  };
}
