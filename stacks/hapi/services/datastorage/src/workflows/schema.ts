import type { LabelWildcards } from "../config.ts";
import type { JsonSchema } from "../http/validation.ts";

export const STATUSES = ["active", "disabled", "deprecated", "archived"] as const;
export const SEVERITIES = ["critical", "high", "medium", "low"] as const;
export const PRIORITIES = ["P0", "P1", "P2", "P3"] as const;
export const LABELS = ["signal_type", "severity", "component", "environment", "priority"] as const;

const INT32_MAX = 2_147_483_647;
const text = { type: "string" } as const;
const filled = { type: "string", minLength: 1 } as const;
const count = { type: "integer", format: "int32", minimum: 0, maximum: INT32_MAX } as const;
const time = { type: "string", format: "date-time" } as const;
const status = { type: "string", enum: STATUSES } as const;
const uuid = { type: "string", format: "uuid" } as const;
const free = { type: "object", additionalProperties: true } as const;
const score = { type: "number", format: "double" } as const;
const customLabels = {
  type: "object",
  additionalProperties: { type: "array", items: text },
} as const;
const nullable = <T extends object>(schema: T) => ({ ...schema, nullable: true });

/** The five labels as a workflow may carry them and as a search may ask for them, in either mode. */
function labelSchemas(mode: LabelWildcards) {
  const wildcard = mode === "documented" ? ["*"] : [];
  const severity = { type: "string", enum: [...SEVERITIES, ...wildcard] };
  const required = mode === "documented" ? [] : [...LABELS];
  const object = (priorities: readonly string[], more: object = {}) => ({
    type: "object",
    ...(required.length === 0 ? {} : { required }),
    properties: {
      signal_type: filled,
      severity,
      component: filled,
      environment: filled,
      priority: { type: "string", enum: priorities },
      ...more,
    },
    additionalProperties: true,
  });
  return {
    labels: object([...PRIORITIES, "*"]),
    filters: object([...PRIORITIES, ...wildcard], {
      custom_labels: nullable(customLabels),
      detected_labels: nullable(free),
      status,
    }),
  };
}

const optionalOnCreate = {
  container_image: text,
  container_digest: text,
  parameters: free,
  custom_labels: customLabels,
  detected_labels: free,
  owner: text,
  maintainer: { type: "string", format: "email" },
  previous_version: text,
  version_notes: text,
  change_summary: text,
  approved_by: text,
  approved_at: time,
  expected_success_rate: { type: "number", format: "double", minimum: 0, maximum: 1 },
  expected_duration_seconds: count,
  created_by: text,
} as const;

function requiredOnCreate(labels: JsonSchema) {
  return {
    workflow_name: { ...filled, maxLength: 255 },
    version: { ...filled, maxLength: 50 },
    name: { ...filled, maxLength: 255 },
    description: filled,
    content: filled,
    content_hash: { type: "string", minLength: 64, maxLength: 64 },
    labels,
    execution_engine: filled,
    status,
  };
}

/** In `documented` mode these have defaults. */
const DEFAULTED = ["content_hash", "labels", "execution_engine", "status"];

function createSchema(mode: LabelWildcards, given: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const optional = Object.entries(optionalOnCreate).map(([key, schema]) => [key, nullable(schema)]);
  return {
    type: "object",
    required: Object.keys(given).filter((key) => mode === "strict" || !DEFAULTED.includes(key)),
    properties: { ...given, ...Object.fromEntries(optional) },
    additionalProperties: true,
  };
}

function workflowSchema(given: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const always = {
    is_latest_version: { type: "boolean" },
    total_executions: count,
    successful_executions: count,
    created_at: time,
    updated_at: time,
  };
  return {
    type: "object",
    required: ["workflow_id", ...Object.keys(given), "detected_labels", ...Object.keys(always)],
    properties: {
      workflow_id: uuid,
      ...given,
      ...optionalOnCreate,
      // Clients check addresses harder than we do: what was taken must not break their reading.
      maintainer: text,
      disabled_at: time,
      disabled_by: text,
      disabled_reason: text,
      ...always,
    },
  };
}

function searchSchema(filters: JsonSchema): JsonSchema {
  return {
    type: "object",
    required: ["filters"],
    properties: {
      remediation_id: nullable({ type: "string", maxLength: 255 }),
      filters,
      top_k: nullable({ type: "integer", minimum: 1, maximum: 100, default: 10 }),
      min_score: nullable({ ...score, minimum: 0, maximum: 1, default: 0 }),
      include_disabled: nullable({ type: "boolean", default: false }),
      query: nullable(text),
    },
    additionalProperties: true,
  };
}

function foundSchema(mode: LabelWildcards): JsonSchema {
  const always = {
    workflow_id: uuid,
    title: text,
    description: text,
    confidence: score,
    label_boost: score,
    label_penalty: score,
    final_score: score,
    rank: { type: "integer", minimum: 1 },
    detected_labels: free,
  };
  return {
    type: "object",
    required: [...Object.keys(always), ...(mode === "strict" ? ["signal_type"] : [])],
    properties: {
      ...always,
      signal_type: text,
      container_image: text,
      container_digest: text,
      similarity: score,
      custom_labels: customLabels,
    },
  };
}

export function workflowSchemas(mode: LabelWildcards) {
  const { labels, filters } = labelSchemas(mode);
  const given = requiredOnCreate(labels);
  const Workflow = workflowSchema(given);
  const FoundWorkflow = foundSchema(mode);
  const total = { type: "integer", format: "int64" } as const;
  const object = (properties: Readonly<Record<string, JsonSchema>>): JsonSchema => ({
    type: "object",
    required: Object.keys(properties),
    properties,
  });
  const changes = (properties: Readonly<Record<string, JsonSchema>>): JsonSchema => ({
    type: "object",
    properties,
    additionalProperties: true,
  });
  return {
    Workflow,
    FoundWorkflow,
    SearchFilters: filters,
    CreateWorkflowRequest: createSchema(mode, given),
    SearchWorkflowsRequest: searchSchema(filters),
    SearchWorkflowsResponse: object({
      workflows: { type: "array", items: FoundWorkflow },
      total_results: { type: "integer" },
      filters,
    }),
    WorkflowList: object({
      workflows: { type: "array", items: Workflow },
      limit: { type: "integer" },
      offset: total,
      total,
    }),
    WorkflowVersions: object({ workflow_name: text, versions: { type: "array", items: Workflow }, total }),
    UpdateWorkflowRequest: changes({ status, disabled_by: nullable(text), disabled_reason: nullable(text) }),
    DisableWorkflowRequest: changes({ reason: nullable(text), updated_by: nullable(text) }),
  };
}

export type WorkflowSchemas = ReturnType<typeof workflowSchemas>;

export const listQuery = {
  properties: {
    status,
    environment: text,
    priority: text,
    component: text,
    limit: { type: "integer", minimum: 1, maximum: 1000, default: 50 },
    offset: { type: "integer", format: "int64", minimum: 0, maximum: Number.MAX_SAFE_INTEGER, default: 0 },
  },
} as const;
