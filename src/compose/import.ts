import { stringify } from "yaml";
import { describeProbe } from "../probe/describe.ts";
import type { Stack, Unit } from "../stack/types.ts";
import { createMask } from "../util/mask.ts";
import { sayDuration } from "../util/say-duration.ts";
import { stackToRaw } from "./to-raw.ts";

/** The text of a rollcall file that says the same as a stack; paths in it are relative to the stack's folder. */
export function stackFileText(stack: Stack, { from, dir }: { from: string; dir?: string }): string {
  const { name, ...raw } = stackToRaw(stack);
  const notes = stack.notes.map(({ file, line, text }) => `# - ${file}:${line}: ${text}`);
  const lines = [
    `# Made of ${from}.`,
    ...(notes.length === 0 ? [] : ["# Not honoured:", ...notes]),
    "",
    stringify({ name, ...(dir === undefined ? {} : { dir }), ...raw }, { lineWidth: 110 }),
  ];
  return lines.join("\n");
}

/** What became of each service, for people. */
export function describeImport(stack: Stack): string[] {
  const notes = stack.notes.map(({ file, line, text }) => `  ${file}:${line}: ${text}`);
  return [
    "mapped:",
    ...stack.units.map((unit) => `  ${unit.name}: ${describeUnit(unit)}`),
    ...(notes.length === 0 ? ["ignored: nothing"] : ["ignored, or to know:", ...notes]),
    "refused: nothing",
  ];
}

function describeUnit(unit: Unit): string {
  const within = `within ${sayDuration(unit.budgetMs)}`;
  if (unit.kind === "task") return `task; done when it ends with exit code 0, ${within}`;
  const ready = createMask(unit.secrets)(describeProbe(unit.ready));
  const also = unit.mayComplete === true ? "; it may also end with exit code 0" : "";
  const process = unit.process === undefined ? "" : `; without an engine: ${unit.process.kind}`;
  return `service; ready when ${ready}, ${within}${also}${process}`;
}
