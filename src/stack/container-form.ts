import { existsSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { type Context, readPath, readTemplate } from "./context.ts";
import type { RawUnit } from "./raw.ts";
import type { ContainerForm, ImageSource, Template } from "./types.ts";

export function buildContainerForm(context: Context, raw: RawUnit): ContainerForm | undefined {
  const image = buildImage(context, raw);
  if (image === undefined) return undefined;
  const more = raw.container ?? {};
  return {
    image,
    entrypoint: readWords(context, ["container", "entrypoint"], more.entrypoint),
    command:
      more.command === undefined
        ? readWords(context, ["command"], raw.command)
        : readWords(context, ["container", "command"], more.command),
    user: more.user === undefined ? undefined : String(more.user),
    platform: more.platform,
    workdir: more.workdir,
    aliases: more.aliases ?? [],
    ulimits: mapValues(more.ulimits, (limit) =>
      typeof limit === "number" ? { soft: limit, hard: limit } : limit,
    ),
    labels: mapValues(more.labels, String),
    extraHosts: more.extraHosts ?? [],
    capAdd: more.capAdd ?? [],
    capDrop: more.capDrop ?? [],
    privileged: more.privileged ?? false,
    init: more.init ?? false,
    readOnly: more.readOnly ?? false,
    shmSizeBytes: sizeBytes(more.shmSize),
    memoryBytes: sizeBytes(more.memory),
    tty: more.tty ?? false,
  };
}

/** A command of the definition as templates. */
export function readWords(
  context: Context,
  keys: readonly string[],
  raw: readonly (string | number)[] | undefined,
): readonly Template[] | undefined {
  const from = keys.at(-1) ?? "";
  return raw?.map((word, index) =>
    readTemplate(context, [...context.path, ...keys, index], String(word), from),
  );
}

export function mapValues<In, Out>(
  map: Readonly<Record<string, In>> | undefined,
  change: (value: In) => Out,
): Record<string, Out> {
  return Object.fromEntries(Object.entries(map ?? {}).map(([key, value]) => [key, change(value)]));
}

function buildImage(context: Context, raw: RawUnit): ImageSource | undefined {
  if (raw.image !== undefined && raw.build !== undefined) {
    context.problems.add({
      path: [...context.path, "image"],
      text: "image and build exclude each other",
      expected: "image or build",
      found: "both",
      mend: "keep one; a tag for a built image is build: {alias: …}",
    });
  }
  if (raw.build !== undefined) return buildSource(context, raw.build);
  if (raw.image === undefined) return undefined;
  return { kind: "image", reference: raw.image, pull: raw.pull ?? "missing" };
}

function buildSource(context: Context, raw: NonNullable<RawUnit["build"]>): ImageSource {
  const {
    context: folder = ".",
    containerfile,
    containerfileText,
    args,
    target,
    alias,
  } = typeof raw === "string" ? { context: raw } : raw;
  const place = [...context.path, "build", ...(typeof raw === "string" ? [] : ["context"])];
  const absolute = readPath(context, place, folder);
  return {
    kind: "build",
    context: absolute,
    containerfile:
      containerfileText === undefined
        ? { path: containerfilePath(context, absolute, containerfile) }
        : { text: containerfileText },
    args: mapValues(args, String),
    target,
    alias,
  };
}

function containerfilePath(context: Context, folder: string, given: string | undefined): string {
  const path = [...context.path, "build", "containerfile"];
  if (given !== undefined) return isAbsolute(given) ? given : readPath(context, path, given, folder);
  const candidates = ["Containerfile", "Dockerfile"].map((name) => join(folder, name));
  const found = candidates.find((file) => existsSync(file));
  if (found === undefined && existsSync(folder)) {
    context.problems.add({
      path: [...context.path, "build"],
      text: "the folder holds neither Containerfile nor Dockerfile",
      expected: "one of the two, or build: {containerfile: …}",
      found: `neither in ${folder}`,
      mend: "add it, or name the file",
    });
  }
  return found ?? resolve(folder, "Containerfile");
}

function sizeBytes(raw: string | number | undefined): number | undefined {
  if (raw === undefined || typeof raw === "number") return raw;
  const match = /^(\d+)([kmg]?)b?$/i.exec(raw);
  const exponent = ["", "k", "m", "g"].indexOf((match?.[2] ?? "").toLowerCase());
  return Number(match?.[1]) * 1024 ** exponent;
}
