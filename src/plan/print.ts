import { describeProbe } from "../probe/describe.ts";
import type { Port, ProcessForm, Unit } from "../stack/types.ts";
import type { Json } from "../util/json.ts";
import { createMask } from "../util/mask.ts";
import { sayDuration } from "../util/say-duration.ts";
import type { Plan, PlannedGate, Step } from "./types.ts";

const width = 80;
const indent = " ".repeat(13);

/** The plan as text of at most 80 columns: what starts, after what and why, on which ports, and what proves it. */
export function printPlan(plan: Plan): string {
  const count = plan.steps.length === 1 ? "1 step" : `${plan.steps.length} steps`;
  const steps = plan.steps.map((step) => stepLines(step).join("\n"));
  return [`${plan.stack}: ${count}, ${plan.order} order`, ...steps, ""].join("\n\n").trimEnd().concat("\n");
}

/** The plan as data. Of the environment only the names are told: values may be secrets. */
export function planToJson(plan: Plan): Json {
  return { stack: plan.stack, order: plan.order, steps: plan.steps.map(stepJson) };
}

function stepLines({ number, unit, gates }: Step): string[] {
  return [
    `${String(number).padStart(3)}  ${unit.name}  (${unit.kind})`,
    ...field("after", gates.map(gateText)),
    ...field("is", formTexts(unit)),
    ...field(
      "ports",
      unit.ports.map((port) => portText(port, unit)),
    ),
    ...field("ready", [readyText(unit)]),
    ...field("within", [sayDuration(unit.budgetMs)]),
  ];
}

function gateText({ service, condition, because }: PlannedGate): string {
  const what = condition === "ready" ? service : `${service} (started)`;
  return because === "after" ? `${what}: named under after` : `${what}: ${because}`;
}

function portText({ name, container, host, scheme }: Port, unit: Unit): string {
  const outside = host === "free" ? "any free port" : `127.0.0.1:${host}`;
  const inside = unit.container === undefined ? "" : `, ${container} inside`;
  return `${name}: ${outside}${inside}, ${scheme}`;
}

function readyText(unit: Unit): string {
  if (unit.kind === "task") return "ends with exit code 0";
  return createMask(unit.secrets)(describeProbe(unit.ready));
}

function formTexts(unit: Unit): string[] {
  const image = imageText(unit);
  return [
    ...(image === undefined ? [] : [image]),
    ...(unit.process === undefined ? [] : [`process ${processText(unit.process)}`]),
  ];
}

function imageText({ container }: Unit): string | undefined {
  if (container === undefined) return undefined;
  const { image } = container;
  return image.kind === "image" ? `image ${image.reference}` : `image built from ${image.context}`;
}

/** The program only: arguments may hold secrets. */
function processText(process: ProcessForm): string {
  if (process.kind !== "command") return process.kind;
  const [program = []] = process.argv;
  return program.map((part) => (typeof part === "string" ? part : "…")).join("");
}

/** A label and its texts, one a line, long ones wrapped. */
function field(label: string, texts: readonly string[]): string[] {
  return texts.flatMap((text, index) => {
    const start = index === 0 ? `     ${label}`.padEnd(indent.length) : indent;
    return wrap(text, width - indent.length).map((line, row) => (row === 0 ? start : `${indent}  `) + line);
  });
}

/** Breaks between words; a word that is too long is broken anywhere. Further lines are two shorter. */
function wrap(text: string, room: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    let rest = word;
    const left = () => (lines.length === 0 ? room : room - 2);
    if (line !== "" && line.length + 1 + rest.length > left()) {
      lines.push(line);
      line = "";
    }
    while (rest.length > left()) {
      lines.push(rest.slice(0, left()));
      rest = rest.slice(left());
    }
    line = line === "" ? rest : `${line} ${rest}`;
  }
  return [...lines, line];
}

function stepJson({ number, unit, gates }: Step): Json {
  return {
    number,
    name: unit.name,
    kind: unit.kind,
    gates: gates.map(({ service, condition, because }) => ({ service, condition, because })),
    image: imageText(unit)?.replace(/^image /, "") ?? null,
    process: unit.process === undefined ? null : processText(unit.process),
    ports: unit.ports.map(({ name, container, host, scheme }) => ({ name, container, host, scheme })),
    ready: readyText(unit),
    budgetMs: unit.budgetMs,
    env: Object.keys(unit.env),
  };
}
