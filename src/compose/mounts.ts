import { existsSync } from "node:fs";
import { relative } from "node:path";
import type { FileMount } from "../stack/types.ts";
import { isTrue, listOf, mapOf, type Reading, textOf } from "./context.ts";
import { toLabel } from "./labels.ts";
import type { Tree, TreeMap } from "./tree.ts";

/** volumes, tmpfs, secrets and configs as files of the unit. */
export function readMounts(reading: Reading): FileMount[] {
  return [
    ...listOf(reading.tree["volumes"]).flatMap((volume, index) => readVolume(reading, index, volume)),
    ...listOf(reading.tree["tmpfs"]).flatMap((entry) => readTmpfs(textOf(entry))),
    ...readGranted(reading, "secrets", (name) => `/run/secrets/${name}`),
    ...readGranted(reading, "configs", (name) => `/${name}`),
  ];
}

function readTmpfs(text: string | undefined): FileMount[] {
  if (text === undefined) return [];
  const [target = "", options] = text.split(":");
  return [{ kind: "tmpfs", target, options }];
}

function readVolume(reading: Reading, index: number, volume: Tree): FileMount[] {
  const long = mapOf(volume);
  if (long !== undefined) return readLongVolume(reading, index, long);
  const parts = String(volume).split(":");
  if (parts.length === 1) return [named(reading, index, undefined, parts[0] ?? "", false)];
  const [source = "", target = "", mode = ""] = parts;
  if (!target.startsWith("/")) {
    reading.refuse(["volumes", index], `expected an absolute path inside the container, found "${target}"`);
    return [];
  }
  const readOnly = mode.split(",").includes("ro");
  if (source.startsWith("/")) return [bind(reading, ["volumes", index], { source, target, readOnly })];
  return [named(reading, index, source, target, readOnly)];
}

function readLongVolume(reading: Reading, index: number, volume: TreeMap): FileMount[] {
  const path = ["volumes", index];
  const type = textOf(volume["type"]);
  const source = textOf(volume["source"]);
  const target = textOf(volume["target"]);
  const readOnly = isTrue(volume["read_only"]);
  if (target === undefined) {
    reading.refuse(path, "target is missing");
    return [];
  }
  switch (type) {
    case "bind":
      if (source === undefined) reading.refuse(path, "source is missing");
      else if (mapOf(volume["bind"])?.["create_host_path"] === false && !existsSync(source))
        reading.refuse(path, `there is no ${source}`);
      else return [bind(reading, path, { source, target, readOnly })];
      return [];
    case "volume":
      return [named(reading, index, source, target, readOnly)];
    case "tmpfs": {
      const size = textOf(mapOf(volume["tmpfs"])?.["size"]);
      return [{ kind: "tmpfs", target, options: size === undefined ? undefined : `size=${size}` }];
    }
    default:
      reading.refuse(path, `type "${type ?? ""}" is not supported; expected bind, volume or tmpfs`);
      return [];
  }
}

/** Engines would make a missing folder, as root's; here the service gets an empty one that goes with the run. */
function bind(
  reading: Reading,
  path: readonly (string | number)[],
  mount: { readonly source: string; readonly target: string; readonly readOnly: boolean },
): FileMount {
  if (existsSync(mount.source)) return { kind: "bind", ...mount };
  reading.note(path, `there is no ${mount.source}: an empty folder of the run is mounted instead`);
  const below = relative(reading.project.dir, mount.source);
  const volume = `missing-${toLabel(below.replace(/\//g, "-"))}`.slice(0, 63).replace(/-+$/, "");
  return { kind: "volume", volume, target: mount.target, readOnly: mount.readOnly };
}

function named(
  reading: Reading,
  index: number,
  source: string | undefined,
  target: string,
  readOnly: boolean,
): FileMount {
  if (source === undefined)
    return {
      kind: "volume",
      volume: `anonymous-${toLabel(`${reading.service.name}-${index}`)}`,
      target,
      readOnly,
    };
  const declared = reading.project.volumes[source];
  if (declared === undefined)
    reading.refuse(
      ["volumes", index],
      `there is no volume "${source}"; declare it under volumes, or write ./${source} for a folder`,
    );
  const spec = mapOf(declared);
  const place = reading.project.place(["volumes", source]);
  if (isTrue(spec?.["external"]))
    reading.findings.refuse(
      place,
      `volumes.${source}: an external volume holds data of other runs; every run here begins with fresh ones`,
    );
  if (spec?.["driver_opts"] !== undefined || (spec?.["driver"] !== undefined && spec["driver"] !== "local")) {
    reading.findings.refuse(place, `volumes.${source}: only plain local volumes can be had here`);
  }
  return { kind: "volume", volume: toLabel(source), target, readOnly };
}

/** secrets and configs: files, texts or variables that a service is granted. */
function readGranted(
  reading: Reading,
  section: "secrets" | "configs",
  defaultTarget: (name: string) => string,
): FileMount[] {
  return listOf(reading.tree[section]).flatMap((entry, index): FileMount[] => {
    const long = mapOf(entry);
    const name = textOf(long?.["source"] ?? (long === undefined ? entry : undefined)) ?? "";
    const declared = mapOf(reading.project[section][name]);
    const path = [section, index];
    if (declared === undefined) {
      reading.refuse(path, `there is no ${section.slice(0, -1)} "${name}"`);
      return [];
    }
    const given = textOf(long?.["target"]);
    const target =
      given === undefined ? defaultTarget(name) : given.startsWith("/") ? given : defaultTarget(given);
    const mode = readMode(long?.["mode"]) ?? 0o444;
    if (textOf(long?.["uid"]) !== undefined || textOf(long?.["gid"]) !== undefined)
      reading.note(path, "uid and gid are not set; every user of the container may read it");
    if (declared["external"] !== undefined && declared["external"] !== false) {
      reading.refuse(path, `"${name}" is external: there is no store of ${section} here; give it a file`);
      return [];
    }
    const file = textOf(declared["file"]);
    if (file !== undefined) {
      if (!existsSync(file)) reading.refuse(path, `there is no file ${file}`);
      // Nothing can be copied into a container that is read-only.
      if (isTrue(reading.tree["read_only"])) return [{ kind: "bind", source: file, target, readOnly: true }];
      return [{ kind: "copy", source: file, target, mode }];
    }
    const variable = textOf(declared["environment"]);
    const content =
      variable === undefined ? textOf(declared["content"]) : reading.project.variables[variable];
    if (content !== undefined) return [{ kind: "content", content: [content], target, mode }];
    reading.refuse(
      path,
      variable === undefined ? "expected file, content or environment" : `variable ${variable} is not set`,
    );
    return [];
  });
}

function readMode(value: Tree | undefined): number | undefined {
  const text = textOf(value);
  return text !== undefined && /^0?o?[0-7]{3,4}$/.test(text)
    ? Number.parseInt(text.replace(/^0?o/, ""), 8)
    : undefined;
}
