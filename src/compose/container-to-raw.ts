import { relative } from "node:path";
import type { RawUnit } from "../stack/raw.ts";
import { templateText } from "../stack/template.ts";
import type { ContainerForm, ImageSource, Template } from "../stack/types.ts";
import { pathToRaw } from "./to-raw.ts";

/** Image or build of a unit. */
export function imageToRaw(
  form: ContainerForm | undefined,
  dir: string,
): Pick<RawUnit, "image" | "build" | "pull"> {
  if (form === undefined) return {};
  const { image } = form;
  if (image.kind === "build") return { build: buildToRaw(image, dir) };
  return { image: image.reference, ...(image.pull === "missing" ? {} : { pull: image.pull }) };
}

function buildToRaw(
  { context, containerfile, args, target, alias }: Extract<ImageSource, { kind: "build" }>,
  dir: string,
): NonNullable<RawUnit["build"]> {
  return {
    context: pathToRaw(context, dir),
    ...("text" in containerfile
      ? { containerfileText: containerfile.text }
      : { containerfile: relative(context, containerfile.path) }),
    ...(Object.keys(args).length === 0 ? {} : { args: { ...args } }),
    ...(target === undefined ? {} : { target }),
    ...(alias === undefined ? {} : { alias }),
  };
}

/** What only engines heed; nothing that is the default. */
export function containerToRaw(form: ContainerForm | undefined): NonNullable<RawUnit["container"]> {
  if (form === undefined) return {};
  const words = (templates: readonly Template[] | undefined) => templates?.map(templateText);
  const all = {
    entrypoint: words(form.entrypoint),
    command: words(form.command),
    user: form.user,
    platform: form.platform,
    workdir: form.workdir,
    aliases: form.aliases,
    ulimits: form.ulimits,
    labels: form.labels,
    extraHosts: form.extraHosts,
    capAdd: form.capAdd,
    capDrop: form.capDrop,
    privileged: form.privileged,
    init: form.init,
    readOnly: form.readOnly,
    shmSize: form.shmSizeBytes,
    memory: form.memoryBytes,
    tty: form.tty,
  };
  const given = Object.entries(all).filter(([key, value]) => {
    if (value === undefined || value === false) return false;
    // An empty entrypoint or command takes away the image's own.
    if (key === "entrypoint" || key === "command") return true;
    return typeof value !== "object" || Object.keys(value).length > 0;
  });
  return Object.fromEntries(given) as NonNullable<RawUnit["container"]>;
}
