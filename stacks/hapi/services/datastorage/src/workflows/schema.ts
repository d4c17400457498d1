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

export function workflowSchemas(mode: LabelWildcards) {
  const { labels, filters } = labelSchemas(mode);
  const requiredOnCreate = {
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
  const defaulted = ["content_hash", "labels", "execution_engine", "status"];
  const required = Object.keys(requiredOnCreate).filter(
    (key) => mode === "strict" || !defaulted.includes(key),
  );
  const Workflow: JsonSchema = {
    type: "object",
    required: [
      "workflow_id",
      ...Object.keys(requiredOnCreate),
      "detected_labels",
      "is_latest_version",
      "total_executions",
      "successful_executions",
      "created_at",
      "updated_at",
    ],
    properties: {
      workflow_id: uuid,
      ...requiredOnCreate,
      ...optionalOnCreate,
      disabled_at: time,
      disabled_by: text,
      disabled_reason: text,
      is_latest_version: { type: "boolean" },
      total_executions: count,
      successful_executions: count,
      created_at: time,
      updated_at: time,
    },
  };
  const CreateWorkflowRequest: JsonSchema = {
    type: "object",
    required,
    properties: {
      ...requiredOnCreate,
      ...Object.fromEntries(Object.entries(optionalOnCreate).map(([key, schema]) => [key, nullable(schema)])),
    },
    additionalProperties: true,
  };
  const SearchFilters: JsonSchema = filters;
  const SearchWorkflowsRequest: JsonSchema = {
    type: "object",
    required: ["filters"],
    properties: {
      remediation_id: nullable({ type: "string", maxLength: 255 }),
      filters: SearchFilters,
      top_k: nullable({ type: "integer", minimum: 1, maximum: 100, default: 10 }),
      min_score: nullable({ ...score, minimum: 0, maximum: 1, default: 0 }),
      include_disabled: nullable({ type: "boolean", default: false }),
      query: nullable(text),
    },
    additionalProperties: true,
  };
  const FoundWorkflow: JsonSchema = {
    type: "object",
    required: [
      "workflow_id",
      "title",
      "description",
      ...(mode === "strict" ? ["signal_type"] : []),
      "confidence",
      "label_boost",
      "label_penalty",
      "final_score",
      "rank",
      "detected_labels",
    ],
    properties: {
      workflow_id: uuid,
      title: text,
      description: text,
      signal_type: text,
      container_image: text,
      container_digest: text,
      confidence: score,
      label_boost: score,
      label_penalty: score,
      final_score: score,
      similarity: score,
      rank: { type: "integer", minimum: 1 },
      custom_labels: customLabels,
      detected_labels: free,
    },
  };
  return {
    Workflow,
    CreateWorkflowRequest,
    SearchFilters,
    SearchWorkflowsRequest,
    FoundWorkflow,
    SearchWorkflowsResponse: {
      type: "object",
      required: ["workflows", "total_results", "filters"],
      properties: {
        workflows: { type: "array", items: FoundWorkflow },
        total_results: { type: "integer" },
        filters: SearchFilters,
      },
    },
    WorkflowList: {
      type: "object",
      required: ["workflows", "limit", "offset", "total"],
      properties: {
        workflows: { type: "array", items: Workflow },
        limit: { type: "integer" },
        offset: { type: "integer", format: "int64" },
        total: { type: "integer", format: "int64" },
      },
    },
    WorkflowVersions: {
      type: "object",
      required: ["workflow_name", "versions", "total"],
      properties: {
        workflow_name: text,
        versions: { type: "array", items: Workflow },
        total: { type: "integer", format: "int64" },
      },
    },
    UpdateWorkflowRequest: {
      type: "object",
      properties: { status, disabled_by: nullable(text), disabled_reason: nullable(text) },
      additionalProperties: true,
    },
    DisableWorkflowRequest: {
      type: "object",
      properties: { reason: nullable(text), updated_by: nullable(text) },
      additionalProperties: true,
    },
  } as const;
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
