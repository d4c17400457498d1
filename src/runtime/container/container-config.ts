import type { ContainerForm, FileMount, Template } from "../../stack/types.ts";
import type { RunIdentity, StartOrder } from "../types.ts";
import { ownerLabels, unitLabel } from "./labels.ts";
import { networkName, volumeName } from "./names.ts";

/** The body of a create request. */
export function containerConfig(
  run: RunIdentity,
  order: StartOrder,
  form: ContainerForm,
  image: string,
): Record<string, unknown> {
  const { unit, env, resolve } = order;
  const texts = (templates: readonly Template[] | undefined) => templates?.map(resolve);
  const network = networkName(run);
  return {
    Image: image,
    Hostname: unit.name,
    Entrypoint: texts(form.entrypoint),
    Cmd: texts(form.command),
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    User: form.user,
    WorkingDir: form.workdir,
    Tty: form.tty,
    StopSignal: unit.stop.signal,
    Labels: { ...form.labels, ...ownerLabels(run), [unitLabel]: unit.name },
    ExposedPorts: Object.fromEntries(order.ports.map((port) => [`${port.container}/tcp`, {}])),
    HostConfig: hostConfig(run, order, form, network),
    NetworkingConfig: {
      EndpointsConfig: { [network]: { Aliases: [...new Set([unit.name, ...form.aliases])] } },
    },
  };
}

function hostConfig(
  run: RunIdentity,
  { unit, ports }: StartOrder,
  form: ContainerForm,
  network: string,
): Record<string, unknown> {
  return {
    NetworkMode: network,
    PortBindings: portBindings(ports),
    Mounts: unit.files.flatMap((file) => mount(run, file)),
    Tmpfs: Object.fromEntries(
      unit.files.flatMap((file) => (file.kind === "tmpfs" ? [[file.target, file.options ?? ""]] : [])),
    ),
    ExtraHosts: form.extraHosts,
    CapAdd: form.capAdd,
    CapDrop: form.capDrop,
    Privileged: form.privileged,
    Init: form.init,
    ReadonlyRootfs: form.readOnly,
    ShmSize: form.shmSizeBytes,
    Memory: form.memoryBytes,
    // Memory alone: Docker would allow as much swap again, and the end for lack of memory would come late.
    MemorySwap: form.memoryBytes,
    Ulimits: Object.entries(form.ulimits).map(([Name, { soft, hard }]) => ({ Name, Soft: soft, Hard: hard })),
    // A restart would hide a crash.
    RestartPolicy: { Name: "no" },
    AutoRemove: false,
    // A log that is rotated or kept elsewhere could not be read back whole.
    LogConfig: { Type: "json-file", Config: {} },
  };
}

/** Several host ports may lead to one port of the container. */
function portBindings(ports: StartOrder["ports"]): Record<string, { HostIp: string; HostPort: string }[]> {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const { container, host } of ports) {
    const key = `${container}/tcp`;
    bindings[key] = [...(bindings[key] ?? []), { HostIp: "127.0.0.1", HostPort: String(host) }];
  }
  return bindings;
}

/** Mounts instead of Binds: a source that is missing is an error, not an empty folder of root's. */
function mount(run: RunIdentity, file: FileMount): object[] {
  if (file.kind === "bind") {
    return [{ Type: "bind", Source: file.source, Target: file.target, ReadOnly: file.readOnly }];
  }
  if (file.kind === "volume") {
    const source = volumeName(run, file.volume);
    return [{ Type: "volume", Source: source, Target: file.target, ReadOnly: file.readOnly }];
  }
  return [];
}
