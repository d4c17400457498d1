import type { Template, Unit } from "../stack/types.ts";

/**
 * NAME_HOST, NAME_PORT and NAME_URL of the first port of every service that has one; for all others of its ports the
 * same with the port's number inside: MAIL_8025_URL.
 */
export function exportsOf(units: readonly Unit[]): Record<string, Template> {
  const out: Record<string, Template> = {};
  for (const unit of units) {
    const prefix = unit.name.toUpperCase().replace(/-/g, "_");
    // Such a name could be no variable.
    if (/^\d/.test(prefix)) continue;
    for (const [index, port] of unit.ports.entries()) {
      const name = index === 0 ? prefix : `${prefix}_${port.container}`;
      for (const property of ["host", "port", "url"])
        out[`${name}_${property.toUpperCase()}`] ??= [
          { service: unit.name, property, port: index === 0 ? undefined : port.name },
        ];
    }
  }
  return out;
}
