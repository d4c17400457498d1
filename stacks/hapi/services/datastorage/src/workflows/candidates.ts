import type { LabelWildcards } from "../config.ts";
import type { Database } from "../database/database.ts";
import { LABELS } from "./schema.ts";
import type { CustomLabels, DetectedLabels, SearchFilters } from "./workflow.ts";

export interface Candidate {
  readonly workflow_id: string;
  readonly name: string;
  readonly description: string;
  readonly signal_type: string | null;
  readonly container_image: string | null;
  readonly container_digest: string | null;
  readonly custom_labels: CustomLabels | null;
  readonly detected_labels: DetectedLabels;
}

/** The workflows that pass the hard filter, newest first. */
export function findCandidates(
  database: Database,
  {
    filters,
    mode,
    includeDisabled,
  }: {
    readonly filters: SearchFilters;
    readonly mode: LabelWildcards;
    readonly includeDisabled: boolean;
  },
): Promise<Candidate[]> {
  const labels = LABELS.map((label) => filters[label] ?? null);
  return database.query<Candidate>({
    name: `workflow_search_${mode}`,
    text: `SELECT workflow_id, name, description, labels->>'signal_type' AS signal_type,
                  container_image, container_digest, custom_labels, detected_labels
           FROM remediation_workflow_catalog
           WHERE is_latest_version
             AND ($1::boolean OR status = 'active')
             AND ($2::text IS NULL OR status = $2)
             AND ${LABELS.map((label, index) => condition(label, `$${index + 3}::text`, mode)).join("\n AND ")}
           ORDER BY created_at DESC, workflow_id DESC`,
    values: [includeDisabled, filters.status ?? null, ...labels],
  });
}

function condition(label: (typeof LABELS)[number], asked: string, mode: LabelWildcards): string {
  const has = `labels->>'${label}'`;
  if (mode === "documented") {
    return `(${asked} IS NULL OR ${asked} = '*' OR ${has} IS NULL OR ${has} = '*' OR ${has} = ${asked})`;
  }
  return label === "component" ? `(${has} = ${asked} OR ${has} = '*')` : `${has} = ${asked}`;
}
