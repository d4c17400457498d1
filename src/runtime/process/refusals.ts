import type { FileMount, Unit } from "../../stack/types.ts";
import type { Refusal } from "../types.ts";
import { isSettingName } from "./postgres/settings.ts";

/** What can't be done for the unit without a container. */
export function refusalsOf(unit: Unit): readonly Refusal[] {
  if (unit.process === undefined) {
    return [
      {
        unit: unit.name,
        text: "it has no process form, only an image",
        hint: "Give it a `command` to run on this machine, or use --runtime podman or docker.",
      },
    ];
  }
  const files = unit.files
    .filter((file) => !isServedByForm(unit, file))
    .map((file) => refuseFile(unit, file));
  return [...files, ...settingRefusals(unit)];
}

function refuseFile(unit: Unit, file: FileMount): Refusal {
  return {
    unit: unit.name,
    text: `${nameOf(file)} has no place at ${file.target} on this machine`,
    hint: "Let the process read the file where it lies, or use --runtime podman or docker.",
  };
}

function nameOf(file: FileMount): string {
  switch (file.kind) {
    case "copy":
      return `the file ${file.source}`;
    case "content":
      return "a file with written content";
    case "bind":
      return `the bind mount of ${file.source}`;
    case "volume":
      return `the volume ${file.volume}`;
    case "tmpfs":
      return "a tmpfs";
  }
}

/** Servers that we start ourselves have their data in the run's folder, and their init SQL in their form. */
function isServedByForm(unit: Unit, { target }: FileMount): boolean {
  switch (unit.process?.kind) {
    case "postgres":
      return /^\/(docker-entrypoint-initdb\.d|var\/lib\/postgresql)(\/|$)/.test(target);
    case "redis":
      // The recipe's password file is for images; the process has one of its own.
      return /^\/(data\/?|usr\/local\/etc\/redis\/rollcall\.conf)$/.test(target);
    default:
      return false;
  }
}

function settingRefusals(unit: Unit): readonly Refusal[] {
  if (unit.process?.kind !== "postgres") return [];
  return Object.keys(unit.process.settings)
    .filter((name) => !isSettingName(name))
    .map((name) => ({
      unit: unit.name,
      text: `"${name}" can't be a setting of PostgreSQL`,
      hint: "Names are words such as max_connections.",
    }));
}
