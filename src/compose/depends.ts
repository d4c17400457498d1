import type { Dependency } from "../stack/types.ts";
import { listOf, mapOf, type Reading, textOf } from "./context.ts";
import { namedMap } from "./merge.ts";
import type { Tree } from "./tree.ts";

export const conditions = ["service_started", "service_healthy", "service_completed_successfully"] as const;
export type Condition = (typeof conditions)[number];

export interface ComposeDependency {
  readonly service: string;
  readonly condition: Condition;
}

/** depends_on in both forms, and links, with compose's own conditions. */
export function readComposeDependencies(tree: Tree | undefined): readonly ComposeDependency[] {
  if (tree === undefined || tree === null) return [];
  return Object.entries(namedMap(tree)).map(([service, spec]) => ({
    service,
    condition: (textOf(mapOf(spec)?.["condition"]) ?? "service_started") as Condition,
  }));
}

/** @param active names of the services that take part. */
export function readDependencies(
  reading: Reading,
  active: ReadonlySet<string>,
  aliases: ReadonlyMap<string, string>,
): Dependency[] {
  const out: Dependency[] = [];
  const given = reading.tree["depends_on"];
  for (const { service, condition } of readComposeDependencies(given)) {
    const path = ["depends_on", service];
    if (!conditions.includes(condition)) {
      reading.refuse(path, `unknown condition "${condition}"; expected one of ${conditions.join(", ")}`);
      continue;
    }
    const spec = mapOf(mapOf(given)?.[service]);
    const optional = spec?.["required"] === false || spec?.["required"] === "false";
    if (spec?.["restart"] === true || spec?.["restart"] === "true")
      reading.note(path, "restart is not honoured: a service that ends is a failure here");
    if (!active.has(service)) {
      if (!optional) refuseMissing(reading, path, service);
      continue;
    }
    out.push({
      service: aliases.get(service) ?? service,
      condition: condition === "service_started" ? "started" : "ready",
      because: `depends_on ${service} (${condition})`,
    });
  }
  for (const [index, link] of listOf(reading.tree["links"]).entries()) {
    const [service = ""] = String(link).split(":");
    if (!active.has(service)) refuseMissing(reading, ["links", index], service);
    else if (!out.some((dependency) => dependency.service === service))
      out.push({
        service: aliases.get(service) ?? service,
        condition: "started",
        because: `links ${service}`,
      });
  }
  return out;
}

function refuseMissing(reading: Reading, path: readonly (string | number)[], service: string): void {
  const inactive = reading.project.services.get(service);
  if (inactive === undefined || inactive.tree["profiles"] === undefined) {
    reading.refuse(path, `there is no service "${service}"`);
    return;
  }
  const profiles = listOf(inactive.tree["profiles"]).map(String).join(" or ");
  reading.refuse(path, `"${service}" takes part only in profile ${profiles}; name it with --profile`);
}
