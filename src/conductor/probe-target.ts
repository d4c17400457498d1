import type { ProbeTarget } from "../probe/types.ts";
import type { Instance } from "../runtime/types.ts";
import type { Unit } from "../stack/types.ts";
import { readLogFrom } from "./log-tail.ts";

/** What a probe may touch of a started unit; a port without a name is the unit's first. */
export function probeTarget(unit: Unit, instance: Instance, logFile: string): ProbeTarget {
  const { logFrom = 0 } = instance.record;
  const nameOf = (port: string | undefined) => port ?? unit.ports[0]?.name;
  return {
    address(port) {
      const name = nameOf(port);
      return name === undefined ? undefined : instance.address(name);
    },
    async strangerOn(port) {
      const name = nameOf(port);
      return name === undefined ? undefined : instance.strangerOn?.(name);
    },
    exec: (argv, options) => instance.exec(argv, options),
    readLog: (fromByte) => readLogFrom(logFile, logFrom + fromByte),
  };
}
