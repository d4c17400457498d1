import { isMarked } from "../json.ts";
import type { CustomLabels, DetectedLabels, SearchFilters } from "./workflow.ts";

/** All in thousandths, so that sums are exact. */
const BASE = 5000;
const DETECTED: Readonly<Record<string, number>> = {
  gitOpsManaged: 100,
  gitOpsTool: 100,
  pdbProtected: 50,
  serviceMesh: 50,
  networkIsolated: 30,
  helmManaged: 20,
  stateful: 20,
  hpaEnabled: 20,
};
const TOOLS: ReadonlySet<string> = new Set(["gitOpsTool", "serviceMesh"]);
const PENALTY = 100;
const CUSTOM = 50;
const CUSTOM_WILDCARD = 25;

export interface Score {
  /** From the detected labels alone, at most 0.39. */
  readonly labelBoost: number;
  /** At most 0.20. */
  readonly labelPenalty: number;
  readonly finalScore: number;
}

interface Labelled {
  readonly detected_labels: DetectedLabels;
  readonly custom_labels: CustomLabels | null;
}

/** (5 + detected boost − penalty + custom boost) / 10 */
export function scoreWorkflow(workflow: Labelled, filters: SearchFilters): Score {
  const asked = filters.detected_labels ?? {};
  const boost = detectedBoost(asked, workflow.detected_labels);
  const penalty = detectedPenalty(asked, workflow.detected_labels);
  const custom = customBoost(filters.custom_labels ?? {}, workflow.custom_labels ?? {});
  return {
    labelBoost: boost / 1000,
    labelPenalty: penalty / 1000,
    finalScore: (BASE + boost - penalty + custom) / 10_000,
  };
}

function detectedBoost(asked: DetectedLabels, has: DetectedLabels): number {
  let sum = 0;
  for (const [label, weight] of Object.entries(DETECTED)) {
    if (!TOOLS.has(label)) sum += asked[label] === true && has[label] === true ? weight : 0;
    else if (isTool(asked[label]) && isTool(has[label])) {
      if (asked[label] === has[label]) sum += weight;
      else if (asked[label] === "*") sum += weight / 2;
    }
  }
  return sum;
}

function detectedPenalty(asked: DetectedLabels, has: DetectedLabels): number {
  const managed = asked["gitOpsManaged"] === true && has["gitOpsManaged"] !== true;
  return (managed ? PENALTY : 0) + (wrongTool(asked["gitOpsTool"], has["gitOpsTool"]) ? PENALTY : 0);
}

/** "*" asks for any tool, so it is only missed by a workflow without one. */
function wrongTool(asked: unknown, has: unknown): boolean {
  if (!isTool(asked)) return false;
  if (!isTool(has)) return true;
  return asked !== "*" && asked !== has;
}

function isTool(value: unknown): value is string {
  return typeof value === "string" && value !== "" && !isMarked(value);
}

function customBoost(asked: CustomLabels, has: CustomLabels): number {
  let sum = 0;
  for (const [key, values] of Object.entries(asked)) {
    const own = Object.hasOwn(has, key) ? has[key] : undefined;
    if (!Array.isArray(own)) continue;
    const found = new Set<unknown>(own);
    for (const value of values) sum += found.has(value) ? CUSTOM : found.has("*") ? CUSTOM_WILDCARD : 0;
  }
  return sum;
}
