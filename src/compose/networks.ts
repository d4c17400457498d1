import { listOf, mapOf, type Reading, textOf } from "./context.ts";
import { namedMap } from "./merge.ts";
import type { Findings } from "./problems.ts";
import type { Project } from "./project.ts";

/** All networks are one here; what a service's networks add are names. */
export function readAliases(reading: Reading, name: string): string[] {
  const aliases = new Set<string>([reading.service.name]);
  for (const key of ["container_name", "hostname"]) {
    const alias = textOf(reading.tree[key]);
    if (alias !== undefined && alias !== "") aliases.add(alias);
  }
  for (const [network, spec] of Object.entries(namedMap(reading.tree["networks"] ?? null))) {
    if (network !== "default" && reading.project.networks[network] === undefined)
      reading.refuse(["networks", network], `there is no network "${network}"; declare it under networks`);
    for (const alias of listOf(mapOf(spec)?.["aliases"])) aliases.add(String(alias));
    for (const key of ["ipv4_address", "ipv6_address"]) readAddress(reading, network, mapOf(spec)?.[key]);
  }
  for (const other of reading.project.services.values()) {
    for (const link of listOf(other.tree["links"])) {
      const [service, alias] = String(link).split(":");
      if (service === reading.service.name && alias !== undefined) aliases.add(alias);
    }
  }
  aliases.delete(name);
  return [...aliases];
}

/** A fixed address does no harm to leave out, unless something in the file dials it. */
function readAddress(reading: Reading, network: string, given: unknown): void {
  if (typeof given !== "string") return;
  const dialled = [...reading.project.services.values()].some(({ tree }) => {
    const { networks: _, ...others } = tree;
    return JSON.stringify(others).includes(given);
  });
  const path = ["networks", network];
  if (dialled)
    reading.refuse(
      path,
      `the fixed address ${given} cannot be honoured, and it is used; use the service's name`,
    );
  else reading.note(path, `the fixed address ${given} is not honoured; peers find it by its name`);
}

const plain = ["name", "driver", "labels", "attachable", "enable_ipv6", "enable_ipv4", "driver_opts"];

/** What the one network of a run does not do. */
export function checkNetworks(project: Project, findings: Findings): void {
  const names = Object.keys(project.networks);
  for (const name of names) {
    const spec = mapOf(project.networks[name]);
    const note = (text: string) =>
      findings.note(project.place(["networks", name]), `networks.${name}: ${text}`);
    if (spec?.["external"] !== undefined && spec["external"] !== false)
      note("is external, and not joined: services meet on the run's own network");
    if (spec?.["ipam"] !== undefined) note("its addresses are not honoured; the engine chooses them");
    if (spec?.["internal"] === true) note("internal is not honoured: services reach the outside");
    const driver = textOf(spec?.["driver"]);
    if (driver !== undefined && driver !== "bridge")
      note(`driver ${driver} is not honoured: services meet on a bridge`);
    for (const key of Object.keys(spec ?? {})) {
      if (![...plain, "external", "ipam", "internal"].includes(key) && !key.startsWith("x-"))
        findings.refuse(project.place(["networks", name, key]), `networks.${name}.${key}: unknown key`);
    }
  }
  if (names.filter((name) => name !== "default").length > 1)
    findings.note(
      project.place(["networks"]),
      "networks: they are one here, so every service reaches every other",
    );
}

/** One name for two services would mean either, now that they share a network. */
export function checkNames(
  aliases: ReadonlyMap<string, readonly string[]>,
  project: Project,
  findings: Findings,
): void {
  const owners = new Map([...aliases.keys()].map((service) => [service, service]));
  for (const [service, names] of aliases) {
    for (const name of names) {
      const owner = owners.get(name) ?? service;
      owners.set(name, owner);
      if (owner !== service)
        findings.refuse(
          project.place(["services", service]),
          `services.${service}: its further name "${name}" is also a name of ${owner}; all services share one network here`,
        );
    }
  }
}
