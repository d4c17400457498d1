import { type Path, type Problems, pathText } from "./problem.ts";
import type { Unit } from "./types.ts";

/** No two ports of a stack have the same place on 127.0.0.1. */
export function checkHostPorts(
  units: readonly Unit[],
  problems: Problems,
  pathOf: (unit: string, port: string) => Path,
): void {
  const seen = new Map<number, Path>();
  for (const unit of units) {
    for (const { name, host } of unit.ports) {
      if (host === "free") continue;
      const path = pathOf(unit.name, name);
      const other = seen.get(host);
      if (other === undefined) {
        seen.set(host, path);
        continue;
      }
      problems.add({
        path,
        text: `port ${host} on 127.0.0.1 is used twice`,
        expected: "a port of its own, or free",
        found: `${host} here and at ${pathText(other)}`,
        mend: 'change one of them, or make it "free"',
      });
    }
  }
}
