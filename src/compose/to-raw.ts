import { isAbsolute, relative } from "node:path";
import type { RawReady, RawStack, RawUnit } from "../stack/raw.ts";
import { secretsOf } from "../stack/secrets.ts";
import { templateText } from "../stack/template.ts";
import type { Dependency, FileMount, Port, ProbeSpec, Stack, Template, Unit } from "../stack/types.ts";
import { containerToRaw, imageToRaw } from "./container-to-raw.ts";

/** A validated stack in the shape of a rollcall file, with paths relative to the stack's folder. */
export function stackToRaw(stack: Stack): RawStack {
  return {
    name: stack.name,
    order: stack.order,
    timeout: duration(stack.timeoutMs),
    services: Object.fromEntries(stack.units.map((unit) => [unit.name, unitToRaw(unit, stack.dir)])),
    ...section("exports", textsOf(stack.exports)),
  };
}

function unitToRaw(unit: Unit, dir: string): RawUnit {
  const raw: RawUnit = {
    ...(unit.kind === "task" ? { task: true as const } : {}),
    ...imageToRaw(unit.container, dir),
    ...section("container", containerToRaw(unit.container)),
    ...serverToRaw(unit, dir),
    ...section("env", textsOf(unit.env)),
    ...section("ports", Object.fromEntries(unit.ports.map((port) => [port.name, portToRaw(port)]))),
    ...(unit.files.length === 0 ? {} : { files: unit.files.map((file) => fileToRaw(file, dir)) }),
    ...section("facts", unit.facts),
    ...(unit.after.length === 0 ? {} : { after: unit.after.map(dependencyToRaw) }),
    ...(unit.kind === "task" ? {} : { ready: readyToRaw(unit.ready) }),
    ...(unit.kind === "service" && unit.mayComplete === true ? { mayComplete: true as const } : {}),
    budget: duration(unit.budgetMs),
    ...stopToRaw(unit),
  };
  const secrets = furtherSecrets(unit, raw);
  return secrets.length === 0 ? raw : { ...raw, secrets };
}

/** Secrets that stand in the file and whose names do not tell it. */
function furtherSecrets(unit: Unit, raw: RawUnit): string[] {
  const { user, database } = unit.facts;
  const passwords = unit.process !== undefined && "password" in unit.process ? [unit.process.password] : [];
  const secrets = passwords.filter((password) => password !== undefined);
  const plain = [unit.name, user, database].filter((text) => text !== undefined);
  const known = secretsOf(unit.env, { secrets, plain });
  const written = JSON.stringify(raw);
  return unit.secrets.filter(
    (secret) => !known.includes(secret) && written.includes(JSON.stringify(secret).slice(1, -1)),
  );
}

function serverToRaw({ process }: Unit, dir: string): Pick<RawUnit, "server"> {
  if (process?.kind === "redis") {
    const { password, args } = process;
    return {
      server: {
        redis: {
          ...(password === undefined ? {} : { password }),
          ...(args.length === 0 ? {} : { args: [...args] }),
        },
      },
    };
  }
  if (process?.kind !== "postgres") return {};
  const { user, password, database, initSql, settings } = process;
  const init = initSql.length === 0 ? {} : { init: initSql.map((path) => pathToRaw(path, dir)) };
  return { server: { postgres: { user, password, database, ...init, ...section("settings", settings) } } };
}

function stopToRaw({ stop }: Unit): Pick<RawUnit, "stop"> {
  const { signal, graceMs } = stop;
  if (signal === "SIGTERM" && graceMs === 10_000) return {};
  return { stop: { signal, grace: duration(graceMs) } };
}

function portToRaw({ container, host, scheme }: Port) {
  return { container, host, scheme };
}

function dependencyToRaw({ service, condition }: Dependency) {
  return condition === "ready" ? service : { service, condition };
}

function fileToRaw(file: FileMount, dir: string): NonNullable<RawUnit["files"]>[number] {
  const { target } = file;
  const mode = "mode" in file && file.mode !== undefined ? { mode: octal(file.mode) } : {};
  const readOnly = "readOnly" in file && file.readOnly ? { readOnly: true } : {};
  switch (file.kind) {
    case "copy":
      return { copy: pathToRaw(file.source, dir), target, ...mode };
    case "content":
      return { content: templateText(file.content), target, ...mode };
    case "bind":
      return { bind: pathToRaw(file.source, dir), target, ...readOnly };
    case "volume":
      return { volume: file.volume, target, ...readOnly };
    case "tmpfs":
      return { tmpfs: true, target, ...(file.options === undefined ? {} : { options: file.options }) };
  }
}

const octal = (mode: number) => mode.toString(8).padStart(4, "0");

function readyToRaw(spec: ProbeSpec): NonNullable<RawUnit["ready"]> {
  return spec.kind === "all" ? spec.probes.map(probeToRaw) : probeToRaw(spec);
}

function probeToRaw(spec: ProbeSpec): RawReady {
  switch (spec.kind) {
    case "http": {
      const { path, method, status, headers, headerMatch, bodyMatch, tls } = spec;
      return {
        http: {
          path,
          ...portName(spec.port),
          ...(method === "GET" ? {} : { method }),
          status: statusToRaw(status),
          ...section("headers", { ...headers }),
          ...section("headerMatch", { ...headerMatch }),
          ...(bodyMatch === undefined ? {} : { bodyMatch }),
          ...(tls === undefined ? {} : { tls: { insecure: tls.insecure } }),
        },
      };
    }
    case "tcp":
      return { tcp: portName(spec.port) };
    case "exec":
      return {
        exec: {
          command: [...spec.argv],
          timeout: duration(spec.timeoutMs),
          interval: duration(spec.intervalMs),
        },
      };
    case "postgres":
      return {
        postgres: {
          ...portName(spec.port),
          user: spec.user,
          password: spec.password,
          database: spec.database,
        },
      };
    case "redis":
      return {
        redis: {
          ...portName(spec.port),
          ...(spec.password === undefined ? {} : { password: spec.password }),
        },
      };
    case "handshake":
      return { handshake: { protocol: spec.protocol, ...portName(spec.port) } };
    case "log":
      return { log: { pattern: spec.pattern, times: spec.times } };
    case "running":
      return { running: true };
    case "all":
      throw new Error("Internal error: a list of probes in a list of probes");
  }
}

const portName = (port: string | undefined) => (port === undefined ? {} : { port });

function statusToRaw(status: readonly number[]) {
  const [first = 200] = status;
  if (status.length === 1) return first;
  const last = status.at(-1) ?? first;
  return last - first === status.length - 1 ? `${first}-${last}` : [...status];
}

function textsOf(map: Readonly<Record<string, Template>>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).map(([name, template]) => [name, templateText(template)]));
}

/** A key only if there is something in it. */
function section<Key extends string, Value extends object>(key: Key, value: Value): { [K in Key]?: Value } {
  return (Object.keys(value).length === 0 ? {} : { [key]: value }) as { [K in Key]?: Value };
}

export function duration(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

export function pathToRaw(path: string, dir: string): string {
  const short = relative(dir, path);
  if (short === "") return ".";
  return isAbsolute(short) || short.startsWith("..") ? short : `./${short}`;
}
