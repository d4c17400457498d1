import type { STATUSES } from "./schema.ts";

export type Status = (typeof STATUSES)[number];
export type CustomLabels = Readonly<Record<string, readonly string[]>>;
export type DetectedLabels = Readonly<Record<string, unknown>>;

/** A workflow as clients send it, after validation. */
export interface NewWorkflow {
  readonly workflow_name: string;
  readonly version: string;
  readonly name: string;
  readonly description: string;
  readonly content: string;
  readonly content_hash: string;
  readonly labels: Readonly<Record<string, unknown>>;
  readonly execution_engine: string;
  readonly status: Status;
  readonly container_image?: string;
  readonly container_digest?: string;
  readonly parameters?: object;
  readonly custom_labels?: CustomLabels;
  readonly detected_labels?: DetectedLabels;
  readonly owner?: string;
  readonly maintainer?: string;
  readonly previous_version?: string;
  readonly version_notes?: string;
  readonly change_summary?: string;
  readonly approved_by?: string;
  readonly approved_at?: string;
  readonly expected_success_rate?: number;
  readonly expected_duration_seconds?: number;
  readonly created_by?: string;
}

/** A workflow as it is stored and answered; what was never set is absent. */
export interface Workflow extends NewWorkflow {
  readonly workflow_id: string;
  readonly detected_labels: DetectedLabels;
  readonly is_latest_version: boolean;
  readonly total_executions: number;
  readonly successful_executions: number;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface SearchFilters {
  readonly signal_type?: string;
  readonly severity?: string;
  readonly component?: string;
  readonly environment?: string;
  readonly priority?: string;
  readonly custom_labels?: CustomLabels;
  readonly detected_labels?: DetectedLabels;
  readonly status?: Status;
}

export interface SearchRequest {
  readonly remediation_id?: string;
  readonly filters: SearchFilters;
  readonly top_k?: number;
  readonly min_score?: number;
  readonly include_disabled?: boolean;
  readonly query?: string;
}
