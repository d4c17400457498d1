import type { Tree } from "./tree.ts";

/** What becomes of each key of a service: honoured elsewhere, ignored with a word, or refused. */
export type Treatment =
  | { readonly kind: "honoured" }
  | { readonly kind: "ignored"; readonly why: string }
  | { readonly kind: "refused"; readonly why: string };

const honoured = [
  "image",
  "build",
  "pull_policy",
  "command",
  "entrypoint",
  "environment",
  "env_file",
  "ports",
  "expose",
  "volumes",
  "tmpfs",
  "depends_on",
  "links",
  "healthcheck",
  "networks",
  "hostname",
  "container_name",
  "user",
  "platform",
  "working_dir",
  "ulimits",
  "labels",
  "extra_hosts",
  "cap_add",
  "cap_drop",
  "privileged",
  "init",
  "read_only",
  "shm_size",
  "mem_limit",
  "tty",
  "stop_signal",
  "stop_grace_period",
  "profiles",
  "secrets",
  "configs",
  "extends",
  "deploy",
  "scale",
] as const;

const ignored: Readonly<Record<string, string>> = {
  restart: "a service that ends is a failure here, not a reason to start it again",
  logging: "logs are kept in the run's folder",
  stdin_open: "nothing is typed into a service",
  annotations: "they change nothing for the service",
  attach: "output goes to the log",
  blkio_config: "resource limits other than memory are not set",
  cpu_count: "resource limits other than memory are not set",
  cpu_percent: "resource limits other than memory are not set",
  cpu_period: "resource limits other than memory are not set",
  cpu_quota: "resource limits other than memory are not set",
  cpu_shares: "resource limits other than memory are not set",
  cpus: "resource limits other than memory are not set",
  cpuset: "resource limits other than memory are not set",
  mem_reservation: "resource limits other than mem_limit are not set",
  mem_swappiness: "resource limits other than mem_limit are not set",
  memswap_limit: "resource limits other than mem_limit are not set",
  oom_score_adj: "the engine's own value is kept",
  pids_limit: "resource limits other than memory are not set",
  develop: "it is for watch mode",
  domainname: "peers find each other by their service names",
  mac_address: "the engine chooses it",
  pre_stop: "services are stopped by their stop signal",
  security_opt: "the engine's defaults are kept",
  sysctls: "the engine's defaults are kept",
  storage_opt: "the engine's defaults are kept",
  dns_search: "peers find each other by their service names",
  dns_opt: "peers find each other by their service names",
  group_add: "the image's groups are kept",
  label_file: "labels of files are not read",
  provenance: "builds are local",
};

const refused: Readonly<Record<string, string>> = {
  network_mode: "services meet on the stack's own network",
  post_start: "use a service of its own that starts after this one",
  use_api_socket: "the engine is not handed to services",
  volumes_from: "name the volumes themselves",
  pid: "sharing a process space with another would change what a stop ends",
  ipc: "sharing memory with another container is not possible here",
  uts: "sharing a host name is not possible here",
  userns_mode: "user namespaces are the engine's affair",
  cgroup: "control groups are the engine's affair",
  cgroup_parent: "control groups are the engine's affair",
  devices: "devices of the machine are not handed to a test stack",
  device_cgroup_rules: "devices of the machine are not handed to a test stack",
  gpus: "devices of the machine are not handed to a test stack",
  external_links: "what it needs must be a service of this stack",
  credential_spec: "it is for Windows containers",
  isolation: "it is for Windows containers",
  runtime: "the engine's own runtime is used",
  dns: "names are resolved by the stack's network",
  provider: "services of providers are not started here",
  models: "models are not started here",
  oom_kill_disable: "a service that runs out of memory must be seen to",
};

/** Values that ask for what is the case anyway, or for what does no harm to leave out. */
const harmless: Readonly<Record<string, (value: Tree) => Treatment | undefined>> = {
  network_mode: (value) => (value === "bridge" || value === "default" ? { kind: "honoured" } : undefined),
  runtime: (value) => (value === "runc" ? { kind: "honoured" } : undefined),
  dns: (value) => {
    const addresses = Array.isArray(value) ? value : [value];
    return addresses.every((address) => publicDns.includes(String(address)))
      ? { kind: "ignored", why: "names are resolved by the engine" }
      : undefined;
  },
  devices: (value) => (isEmpty(value) ? { kind: "honoured" } : undefined),
  volumes_from: (value) => (isEmpty(value) ? { kind: "honoured" } : undefined),
  external_links: (value) => (isEmpty(value) ? { kind: "honoured" } : undefined),
  oom_kill_disable: (value) => (value === false ? { kind: "honoured" } : undefined),
  ipc: (value) => (value === "private" || value === "shareable" ? { kind: "honoured" } : undefined),
};
const publicDns = ["8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9"];
const isEmpty = (value: Tree) => Array.isArray(value) && value.length === 0;

export function treatmentOf(key: string, value: Tree = null): Treatment | undefined {
  const special = Object.hasOwn(harmless, key) ? harmless[key]?.(value) : undefined;
  if (special !== undefined) return special;
  if (key.startsWith("x-")) return { kind: "honoured" };
  if ((honoured as readonly string[]).includes(key)) return { kind: "honoured" };
  const ignoredWhy = Object.hasOwn(ignored, key) ? ignored[key] : undefined;
  if (ignoredWhy !== undefined) return { kind: "ignored", why: ignoredWhy };
  const refusedWhy = Object.hasOwn(refused, key) ? refused[key] : undefined;
  return refusedWhy === undefined ? undefined : { kind: "refused", why: refusedWhy };
}

export const serviceKeys: readonly string[] = [...honoured, ...Object.keys(ignored), ...Object.keys(refused)];
export const topKeys: readonly string[] = [
  "name",
  "version",
  "services",
  "volumes",
  "networks",
  "secrets",
  "configs",
  "include",
];
