import { randomUUID } from "node:crypto";
import type { Database, Query } from "../database/database.ts";
import { DatabaseFailure } from "../database/failure.ts";
import { stringifyJson } from "../json.ts";
import type { NewWorkflow, Status, Workflow } from "./workflow.ts";

const JSON_COLUMNS = ["labels", "parameters", "custom_labels", "detected_labels"] as const;
/** What a client may set, in the order of the table. */
const GIVEN = [
  "workflow_name",
  "version",
  "name",
  "description",
  "content",
  "content_hash",
  "labels",
  "custom_labels",
  "detected_labels",
  "parameters",
  "execution_engine",
  "container_image",
  "container_digest",
  "owner",
  "maintainer",
  "status",
  "previous_version",
  "version_notes",
  "change_summary",
  "approved_by",
  "approved_at",
  "expected_success_rate",
  "expected_duration_seconds",
  "created_by",
] as const;
const COLUMNS = [
  "workflow_id",
  ...GIVEN,
  "disabled_at",
  "disabled_by",
  "disabled_reason",
  "is_latest_version",
  "total_executions",
  "successful_executions",
  "created_at",
  "updated_at",
].join(", ");
const TABLE = "remediation_workflow_catalog";

/** A row with this workflow_name and version is there already. */
export class VersionExists extends Error {
  override readonly name = "VersionExists";
}

/** @throws VersionExists, DatabaseFailure */
export async function createWorkflow(database: Database, workflow: NewWorkflow): Promise<Workflow> {
  try {
    return await database.transaction((query) => insertLatest(query, workflow));
  } catch (error) {
    if (!(error instanceof DatabaseFailure) || error.constraint !== `${TABLE}_version`) throw error;
    throw new VersionExists(`${workflow.workflow_name} ${workflow.version}`);
  }
}

async function insertLatest(query: Query, workflow: NewWorkflow): Promise<Workflow> {
  // Versions of one name queue up here; different names do not meet.
  await query({
    text: "SELECT pg_advisory_xact_lock(7364102, hashtext($1))",
    values: [workflow.workflow_name],
    name: "workflow_lock",
  });
  await query({
    text: `UPDATE ${TABLE} SET is_latest_version = false, updated_at = clock_timestamp()
           WHERE workflow_name = $1 AND is_latest_version`,
    values: [workflow.workflow_name],
    name: "workflow_supersede",
  });
  const values = GIVEN.map((column) => columnValue(column, workflow));
  const places = GIVEN.map((_, index) => `$${index + 2}`).join(", ");
  const rows = await query<Record<string, unknown>>({
    text: `INSERT INTO ${TABLE} (workflow_id, ${GIVEN.join(", ")}, disabled_at)
           VALUES ($1, ${places}, CASE WHEN $${GIVEN.length + 2}::boolean THEN clock_timestamp() END)
           RETURNING ${COLUMNS}`,
    values: [randomUUID(), ...values, workflow.status === "disabled"],
    name: "workflow_insert",
  });
  return toWorkflow(rows[0] ?? {});
}

function columnValue(column: (typeof GIVEN)[number], workflow: NewWorkflow): unknown {
  const value = workflow[column] ?? (column === "detected_labels" ? {} : null);
  return value !== null && (JSON_COLUMNS as readonly string[]).includes(column)
    ? stringifyJson(value)
    : value;
}

function toWorkflow(row: Record<string, unknown>): Workflow {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as unknown as Workflow;
}

export interface ListFilter {
  readonly status?: string;
  readonly environment?: string;
  readonly priority?: string;
  readonly component?: string;
  readonly limit: number;
  readonly offset: number;
}

export async function listWorkflows({ query }: Database, filter: ListFilter) {
  const labels = Object.fromEntries(
    (["environment", "priority", "component"] as const)
      .filter((key) => filter[key] !== undefined && filter[key] !== "")
      .map((key) => [key, filter[key]]),
  );
  const where = "($1::text IS NULL OR status = $1) AND labels @> $2::jsonb";
  const values = [filter.status ?? null, JSON.stringify(labels)];
  const [rows, counted] = await Promise.all([
    query<Record<string, unknown>>({
      text: `SELECT ${COLUMNS} FROM ${TABLE} WHERE ${where}
             ORDER BY created_at DESC, workflow_id DESC LIMIT $3 OFFSET $4`,
      values: [...values, filter.limit, filter.offset],
    }),
    query<{ total: number }>({ text: `SELECT count(*) AS total FROM ${TABLE} WHERE ${where}`, values }),
  ]);
  return { workflows: rows.map(toWorkflow), total: counted[0]?.total ?? 0 };
}

export async function findWorkflow({ query }: Database, id: string): Promise<Workflow | undefined> {
  const rows = await query<Record<string, unknown>>({
    text: `SELECT ${COLUMNS} FROM ${TABLE} WHERE workflow_id = $1`,
    values: [id],
  });
  return rows[0] === undefined ? undefined : toWorkflow(rows[0]);
}

export async function workflowVersions({ query }: Database, name: string): Promise<Workflow[]> {
  const rows = await query<Record<string, unknown>>({
    text: `SELECT ${COLUMNS} FROM ${TABLE} WHERE workflow_name = $1 ORDER BY created_at DESC, workflow_id DESC`,
    values: [name],
  });
  return rows.map(toWorkflow);
}

export interface StatusChange {
  readonly status: Status | undefined;
  readonly by: string | undefined;
  readonly reason: string | undefined;
}

/**
 * Entering `disabled` notes the time; leaving it forgets when, by whom and why.
 * @returns undefined when there is no such workflow.
 */
export async function changeStatus(
  { query }: Database,
  id: string,
  change: StatusChange,
): Promise<Workflow | undefined> {
  const rows = await query<Record<string, unknown>>({
    text: `UPDATE ${TABLE} SET
             status = coalesce($2, status),
             disabled_at = CASE WHEN $2 IS NULL THEN disabled_at
                                WHEN $2 <> 'disabled' THEN NULL
                                WHEN status = 'disabled' THEN coalesce(disabled_at, clock_timestamp())
                                ELSE clock_timestamp() END,
             disabled_by = CASE WHEN $2 <> 'disabled' THEN $3 ELSE coalesce($3, disabled_by) END,
             disabled_reason = CASE WHEN $2 <> 'disabled' THEN $4 ELSE coalesce($4, disabled_reason) END,
             updated_at = clock_timestamp()
           WHERE workflow_id = $1::uuid RETURNING ${COLUMNS}`.replaceAll(/\$([234])/g, "$$$1::text"),
    values: [id, change.status ?? null, change.by ?? null, change.reason ?? null],
  });
  return rows[0] === undefined ? undefined : toWorkflow(rows[0]);
}
