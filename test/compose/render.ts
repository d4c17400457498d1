import { planStack } from "../../src/plan/plan.ts";
import { printPlan } from "../../src/plan/print.ts";
import { templateText } from "../../src/stack/template.ts";
import type { FileMount, Stack, Template, Unit } from "../../src/stack/types.ts";

/** The plan of a stack, what its plan does not show, and the notes; the same in whatever folder it lies. */
export function render(stack: Stack, dir: string): string {
  const placed = JSON.parse(JSON.stringify(stack).replaceAll(dir, ".")) as Stack;
  return [
    printPlan(planStack(placed)),
    ...placed.units.map((unit) => [`${unit.name}:`, ...details(unit)].join("\n  ")),
    "",
    "notes:",
    ...placed.notes.map(({ file, line, text }) => `  ${file}:${line}: ${text}`),
    "",
  ].join("\n");
}

function details(unit: Unit): string[] {
  const { container } = unit;
  const lines = Object.entries(unit.env).map(([name, value]) => `env ${name}=${show(value)}`);
  const words = (key: string, templates: readonly Template[] | undefined) => {
    if (templates !== undefined) lines.push(`${key} ${JSON.stringify(templates.map(templateText))}`);
  };
  words("entrypoint", container?.entrypoint);
  words("command", container?.command);
  if (container?.image.kind === "build") lines.push(`build ${JSON.stringify(container.image)}`);
  for (const file of unit.files) lines.push(mountText(file));
  if (container !== undefined && container.aliases.length > 0)
    lines.push(`aliases ${container.aliases.join(" ")}`);
  const { image: _, entrypoint: __, command: ___, aliases: ____, ...rest } = container ?? {};
  const set = Object.entries(rest).filter(([, value]) => !isPlain(value));
  for (const [key, value] of set) lines.push(`${key} ${JSON.stringify(value)}`);
  if (unit.process !== undefined) lines.push(`process ${JSON.stringify(unit.process)}`);
  if (unit.stop.signal !== "SIGTERM" || unit.stop.graceMs !== 10_000)
    lines.push(`stop ${unit.stop.signal} within ${unit.stop.graceMs} ms`);
  if (unit.kind === "service" && unit.mayComplete === true) lines.push("may end with exit code 0");
  if (unit.secrets.length > 0) lines.push(`masked ${unit.secrets.join(" ")}`);
  return lines;
}

function show(template: Template): string {
  return JSON.stringify(templateText(template)).slice(1, -1);
}

function isPlain(value: unknown): boolean {
  return value === false || (typeof value === "object" && value !== null && Object.keys(value).length === 0);
}

function mountText(file: FileMount): string {
  const { kind, target } = file;
  const readOnly = "readOnly" in file && file.readOnly ? " read-only" : "";
  switch (file.kind) {
    case "bind":
      return `bind ${file.source} at ${target}${readOnly}`;
    case "volume":
      return `volume ${file.volume} at ${target}${readOnly}`;
    case "copy":
      return `copy ${file.source} to ${target}, mode ${file.mode?.toString(8)}`;
    case "content":
      return `content ${show(file.content)} at ${target}, mode ${file.mode?.toString(8)}`;
    case "tmpfs":
      return `${kind} at ${target}${file.options === undefined ? "" : ` (${file.options})`}`;
  }
}
