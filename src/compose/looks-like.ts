import { parseDocument } from "yaml";

const topKeys = ["version", "volumes", "networks", "secrets", "configs", "include"];
const serviceKeys = [
  "environment",
  "depends_on",
  "healthcheck",
  "volumes",
  "networks",
  "restart",
  "container_name",
  "env_file",
  "expose",
  "links",
  "working_dir",
  "extends",
];

/** Whether a YAML text of any name is a compose file rather than one of ours. */
export function looksLikeCompose(text: string): boolean {
  let value: unknown;
  try {
    value = parseDocument(text, { merge: true, logLevel: "silent" }).toJS({ maxAliasCount: 1000 });
  } catch {
    return false;
  }
  if (!isMap(value)) return false;
  if (topKeys.some((key) => key in value)) return true;
  const services = isMap(value["services"]) ? Object.values(value["services"]) : [];
  const foreign = services.filter(isMap).some((service) => {
    if (Array.isArray(service["ports"])) return true;
    return serviceKeys.some((key) => key in service);
  });
  // Our own files have a name; compose files rarely do.
  return foreign || (services.length > 0 && value["name"] === undefined);
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
