import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { ContainerForm, ImageSource } from "../stack/types.ts";
import { isTrue, listOf, mapOf, type Reading, textOf } from "./context.ts";
import { keyedMap } from "./merge.ts";
import { isRemote } from "./paths.ts";
import { isTreeMap, type Tree } from "./tree.ts";
import { parseBytes } from "./units.ts";
import { splitWords } from "./words.ts";

/** How the service runs in an engine; undefined when neither image nor build is given, which has been said. */
export function readForm(
  reading: Reading,
  command: readonly string[] | undefined,
  aliases: readonly string[],
): ContainerForm | undefined {
  const image = readImage(reading);
  if (image === undefined) return undefined;
  const { tree } = reading;
  return {
    image,
    entrypoint: readWords(reading, "entrypoint")?.map((word) => (word === "" ? [] : [word])),
    command: command?.map((word) => (word === "" ? [] : [word])),
    user: textOf(tree["user"]),
    platform: textOf(tree["platform"]),
    workdir: textOf(tree["working_dir"]),
    aliases,
    ulimits: readUlimits(reading),
    labels: texts(keyedMap(tree["labels"] ?? null)),
    extraHosts: Object.entries(mapOf(keyedMap(tree["extra_hosts"] ?? null)) ?? {}).flatMap(([host, ip]) =>
      listOf(ip).map((address) => `${host}:${textOf(address)}`),
    ),
    capAdd: listOf(tree["cap_add"]).map(String),
    capDrop: listOf(tree["cap_drop"]).map(String),
    privileged: isTrue(tree["privileged"]),
    init: isTrue(tree["init"]),
    readOnly: isTrue(tree["read_only"]),
    shmSizeBytes: readBytes(reading, ["shm_size"], tree["shm_size"]),
    memoryBytes: readDeploy(reading) ?? readBytes(reading, ["mem_limit"], tree["mem_limit"]),
    tty: isTrue(tree["tty"]),
  };
}

/** command and entrypoint: a list, or a text that is split as a shell would. */
export function readWords(reading: Reading, key: "command" | "entrypoint"): readonly string[] | undefined {
  const given = reading.tree[key];
  if (given === undefined || given === null) return undefined;
  if (Array.isArray(given)) return given.map((word) => textOf(word) ?? "");
  const words = splitWords(textOf(given) ?? "");
  if (words === undefined) reading.refuse([key], "a quote is not closed");
  return words;
}

function readImage(reading: Reading): ImageSource | undefined {
  const { tree } = reading;
  const reference = textOf(tree["image"]);
  const build = tree["build"];
  if (build !== undefined && build !== null) return readBuild(reading, build, reference);
  if (reference === undefined) {
    reading.refuse([], "expected image or build");
    return undefined;
  }
  const policy = textOf(tree["pull_policy"]) ?? "missing";
  const pull = policy === "if_not_present" ? "missing" : policy;
  if (pull === "missing" || pull === "always" || pull === "never") return { kind: "image", reference, pull };
  if (pull === "build") reading.refuse(["pull_policy"], "build: there is nothing to build");
  else reading.note(["pull_policy"], `"${policy}" is taken as missing`);
  return { kind: "image", reference, pull: "missing" };
}

const buildKeys = new Set([
  "context",
  "dockerfile",
  "dockerfile_inline",
  "args",
  "target",
  "labels",
  "tags",
  "cache_from",
  "cache_to",
  "no_cache",
  "pull",
  "platforms",
  "network",
  "shm_size",
  "isolation",
  "privileged",
  "extra_hosts",
]);

function readBuild(reading: Reading, build: Tree, alias: string | undefined): ImageSource | undefined {
  const spec = mapOf(build);
  const context =
    textOf(spec?.["context"] ?? (spec === undefined ? build : undefined)) ?? reading.service.dir;
  if (isRemote(context)) {
    reading.refuse(["build"], `the context ${context} is not a folder of this machine`);
    return undefined;
  }
  if (!existsSync(context)) reading.refuse(["build"], `there is no folder ${context}`);
  for (const key of Object.keys(spec ?? {})) {
    if (key === "secrets" || key === "ssh" || key === "additional_contexts" || key === "entitlements")
      reading.refuse(["build", key], "is not supported by the engines' build API");
    else if (!buildKeys.has(key) && !key.startsWith("x-")) reading.refuse(["build", key], "unknown key");
    else if (
      [
        "cache_from",
        "cache_to",
        "no_cache",
        "pull",
        "platforms",
        "network",
        "shm_size",
        "isolation",
        "privileged",
        "extra_hosts",
        "tags",
        "labels",
      ].includes(key)
    )
      reading.note(["build", key], "is not honoured; images are identified by their content");
  }
  const inline = textOf(spec?.["dockerfile_inline"]);
  const args: Record<string, string> = {};
  for (const [key, value] of Object.entries(mapOf(keyedMap(spec?.["args"] ?? null)) ?? {})) {
    const text = value === null ? reading.project.variables[key] : textOf(value);
    if (text !== undefined) args[key] = text;
  }
  return {
    kind: "build",
    context,
    containerfile:
      inline === undefined
        ? { path: containerfile(context, textOf(spec?.["dockerfile"])) }
        : { text: inline },
    args,
    target: textOf(spec?.["target"]),
    alias,
  };
}

function containerfile(context: string, given: string | undefined): string {
  if (given !== undefined) return resolve(context, given);
  const dockerfile = resolve(context, "Dockerfile");
  return !existsSync(dockerfile) && existsSync(resolve(context, "Containerfile"))
    ? resolve(context, "Containerfile")
    : dockerfile;
}

function readUlimits(reading: Reading): Record<string, { soft: number; hard: number }> {
  const out: Record<string, { soft: number; hard: number }> = {};
  for (const [name, value] of Object.entries(mapOf(reading.tree["ulimits"]) ?? {})) {
    const both = isTreeMap(value)
      ? { soft: Number(value["soft"]), hard: Number(value["hard"]) }
      : { soft: Number(value), hard: Number(value) };
    if (Number.isNaN(both.soft) || Number.isNaN(both.hard))
      reading.refuse(["ulimits", name], "expected a number, or soft and hard");
    else out[name] = both;
  }
  return out;
}

function readBytes(reading: Reading, path: readonly string[], given: Tree | undefined): number | undefined {
  if (given === undefined || given === null) return undefined;
  const bytes = parseBytes(given);
  if (bytes === undefined) reading.refuse(path, `expected a size like 64m, found "${textOf(given)}"`);
  return bytes;
}

/** Of `deploy` only what changes a single container's meaning is taken. */
function readDeploy(reading: Reading): number | undefined {
  const deploy = mapOf(reading.tree["deploy"]);
  const replicas = deploy?.["replicas"] ?? reading.tree["scale"];
  if (replicas !== undefined && replicas !== null && Number(replicas) > 1)
    reading.note(
      [deploy?.["replicas"] === undefined ? "scale" : "deploy"],
      `one is started, not ${textOf(replicas)}`,
    );
  if (deploy === undefined) return undefined;
  const resources = mapOf(deploy["resources"]);
  if (mapOf(resources?.["reservations"])?.["devices"] !== undefined)
    reading.refuse(["deploy"], "devices of the machine are not handed to a test stack");
  const limits = mapOf(resources?.["limits"]);
  const ignored = [
    ...Object.keys(deploy).filter((key) => key !== "resources" && key !== "replicas"),
    ...Object.keys(limits ?? {})
      .filter((key) => key !== "memory")
      .map((key) => `resources.limits.${key}`),
    ...(resources?.["reservations"] === undefined ? [] : ["resources.reservations"]),
  ];
  if (ignored.length > 0)
    reading.note(["deploy"], `${ignored.join(", ")} ${ignored.length === 1 ? "is" : "are"} not honoured`);
  return readBytes(reading, ["deploy"], limits?.["memory"]);
}

function texts(tree: Tree): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [key, value] of Object.entries(mapOf(tree) ?? {})) out[key] = textOf(value) ?? "";
  return out;
}
