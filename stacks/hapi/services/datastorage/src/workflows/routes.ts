import type { OwnEvents } from "../audit/own-events.ts";
import type { LabelWildcards } from "../config.ts";
import type { Database } from "../database/database.ts";
import type { Similarity } from "../embedding/similarity.ts";
import { type Operation, operation, withoutNulls } from "../http/operation.ts";
import { badRequest, Problem } from "../http/problem.ts";
import { UUID } from "../http/validation.ts";
import { type Metrics, measureQuery, measureWrite } from "../metrics.ts";
import { exactInCreate, exactInSearch, prepareCreate, prepareSearch, prepareUpdate } from "./request.ts";
import { LABELS, listQuery, type WorkflowSchemas } from "./schema.ts";
import { searchWorkflows, textOf } from "./search.ts";
import {
  changeStatus,
  createWorkflow,
  findWorkflow,
  type ListFilter,
  listWorkflows,
  type StatusChange,
  VersionExists,
  workflowVersions,
} from "./store.ts";
import type { NewWorkflow, SearchRequest, Status, Workflow } from "./workflow.ts";

const TABLE = "remediation_workflow_catalog";
const ID = { workflow_id: { type: "string", format: "uuid" } };

export interface WorkflowOptions {
  readonly database: Database;
  readonly metrics: Metrics;
  readonly mode: LabelWildcards;
  readonly schemas: WorkflowSchemas;
  readonly similarity: Similarity | undefined;
  readonly ownEvents: OwnEvents;
}

export function workflowOperations(options: WorkflowOptions): Operation[] {
  return [
    create(options),
    search(options),
    list(options),
    get(options),
    update(options),
    disable(options),
    versions(options),
  ];
}

function create({ database, metrics, mode, schemas, similarity, ownEvents }: WorkflowOptions): Operation {
  const schema = schemas.CreateWorkflowRequest;
  const required = schema["required"] as readonly string[];
  return operation<NewWorkflow, never>({
    method: "POST",
    path: "/api/v1/workflows",
    operationId: "createWorkflow",
    summary: "Adds a version of a workflow; it becomes the latest one of its name.",
    tag: "workflows",
    resource: "workflow",
    body: {
      schema,
      required: true,
      exactAt: exactInCreate,
      prepare: (body) => prepareCreate(body, mode, required),
    },
    responses: { 201: { description: "The workflow.", schema: schemas.Workflow } },
    problems: [400, 409, 413, 415, 500, 503],
    handle: async ({ body }) => {
      const workflow = await measureWrite(metrics, { table: TABLE }, () =>
        createWorkflow(database, body),
      ).catch((error: unknown) => {
        throw error instanceof VersionExists ? alreadyExists(body) : error;
      });
      ownEvents.workflowCreated(workflow);
      // Warms the cache of vectors; nobody waits for it.
      void similarity?.("", [textOf(workflow)]);
      return { status: 201, body: workflow };
    },
  });
}

function alreadyExists({ workflow_name, version }: NewWorkflow): Problem {
  return new Problem(409, "conflict", `Workflow '${workflow_name}' version '${version}' already exists`, {
    title: "Workflow Already Exists",
  });
}

function search({ database, metrics, mode, schemas, similarity, ownEvents }: WorkflowOptions): Operation {
  const required = mode === "strict" ? LABELS : [];
  return operation<SearchRequest, never>({
    method: "POST",
    path: "/api/v1/workflows/search",
    operationId: "searchWorkflows",
    summary: "Finds workflows by labels, best first.",
    tag: "workflows",
    resource: "workflow_search",
    body: {
      schema: schemas.SearchWorkflowsRequest,
      required: true,
      exactAt: exactInSearch,
      prepare: (body) => prepareSearch(body, mode, required),
    },
    responses: { 200: { description: "What was found.", schema: schemas.SearchWorkflowsResponse } },
    problems: [400, 413, 415, 500, 503],
    handle: async ({ body }) => {
      const startedMs = performance.now();
      const workflows = await measureQuery(metrics, "search_workflows", () =>
        searchWorkflows({ database, mode, similarity }, body),
      );
      ownEvents.searchCompleted(body, workflows.length, Math.round(performance.now() - startedMs));
      return { status: 200, body: { workflows, total_results: workflows.length, filters: body.filters } };
    },
  });
}

function list({ database, metrics, schemas }: WorkflowOptions): Operation {
  return operation<never, Partial<ListFilter>>({
    method: "GET",
    path: "/api/v1/workflows",
    operationId: "listWorkflows",
    summary: "Workflows, newest first.",
    tag: "workflows",
    resource: "workflow",
    query: listQuery,
    responses: { 200: { description: "One page.", schema: schemas.WorkflowList } },
    problems: [400, 500, 503],
    handle: async ({ query }) => {
      const filter = { ...query, limit: query.limit ?? 50, offset: query.offset ?? 0 };
      const { workflows, total } = await measureQuery(metrics, "list_workflows", () =>
        listWorkflows(database, filter),
      );
      return { status: 200, body: { workflows, limit: filter.limit, offset: filter.offset, total } };
    },
  });
}

function get({ database, metrics, schemas }: WorkflowOptions): Operation {
  return operation({
    method: "GET",
    path: "/api/v1/workflows/{workflow_id}",
    operationId: "getWorkflow",
    summary: "One workflow.",
    tag: "workflows",
    resource: "workflow",
    params: ID,
    responses: { 200: { description: "The workflow.", schema: schemas.Workflow } },
    problems: [400, 404, 500, 503],
    handle: async ({ params }) => {
      const id = idOf(params);
      return found(id, await measureQuery(metrics, "get_workflow", () => findWorkflow(database, id)));
    },
  });
}

interface UpdateRequest {
  readonly status?: Status;
  readonly disabled_by?: string;
  readonly disabled_reason?: string;
}

function update(options: WorkflowOptions): Operation {
  return operation<UpdateRequest, never>({
    method: "PATCH",
    path: "/api/v1/workflows/{workflow_id}",
    operationId: "updateWorkflow",
    summary: "Changes the status; what a version is cannot be changed.",
    tag: "workflows",
    resource: "workflow",
    params: ID,
    body: { schema: options.schemas.UpdateWorkflowRequest, required: true, prepare: prepareUpdate },
    responses: { 200: { description: "The workflow.", schema: options.schemas.Workflow } },
    problems: [400, 404, 413, 415, 500, 503],
    handle: async ({ params, body }) =>
      changed(options, idOf(params), {
        status: body.status,
        by: body.disabled_by,
        reason: body.disabled_reason,
      }),
  });
}

interface DisableRequest {
  readonly reason?: string;
  readonly updated_by?: string;
}

function disable(options: WorkflowOptions): Operation {
  return operation<DisableRequest, never>({
    method: "PATCH",
    path: "/api/v1/workflows/{workflow_id}/disable",
    operationId: "disableWorkflow",
    summary: "Disables a workflow, with a reason.",
    tag: "workflows",
    resource: "workflow",
    params: ID,
    body: {
      schema: options.schemas.DisableWorkflowRequest,
      required: false,
      prepare: (body) => withoutNulls(body),
    },
    responses: { 200: { description: "The workflow.", schema: options.schemas.Workflow } },
    problems: [400, 404, 413, 415, 500, 503],
    handle: async ({ params, body }) =>
      changed(options, idOf(params), { status: "disabled", by: body.updated_by, reason: body.reason }),
  });
}

function versions({ database, metrics, schemas }: WorkflowOptions): Operation {
  return operation({
    method: "GET",
    path: "/api/v1/workflows/by-name/{workflow_name}/versions",
    operationId: "listWorkflowVersions",
    summary: "All versions of a workflow, newest first.",
    tag: "workflows",
    resource: "workflow",
    params: { workflow_name: { type: "string" } },
    responses: {
      200: { description: "The versions; none for an unknown name.", schema: schemas.WorkflowVersions },
    },
    problems: [400, 500, 503],
    handle: async ({ params }) => {
      const name = params["workflow_name"] ?? "";
      const found = await measureQuery(metrics, "list_workflow_versions", () =>
        workflowVersions(database, name),
      );
      return { status: 200, body: { workflow_name: name, versions: found, total: found.length } };
    },
  });
}

async function changed({ database, metrics, ownEvents }: WorkflowOptions, id: string, change: StatusChange) {
  const workflow = await measureWrite(metrics, { table: TABLE }, () => changeStatus(database, id, change));
  if (workflow !== undefined) ownEvents.workflowUpdated(workflow);
  return found(id, workflow);
}

function found(id: string, workflow: Workflow | undefined) {
  if (workflow === undefined) throw new Problem(404, "not-found", `there is no workflow ${id}`);
  return { status: 200, body: workflow };
}

/** @throws Problem when the path does not hold a UUID. */
function idOf(params: Readonly<Record<string, string>>): string {
  const id = params["workflow_id"] ?? "";
  if (!UUID.test(id)) throw badRequest(`workflow_id must be a UUID, got ${JSON.stringify(id.slice(0, 100))}`);
  return id.toLowerCase();
}
