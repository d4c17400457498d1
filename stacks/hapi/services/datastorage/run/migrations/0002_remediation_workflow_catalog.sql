CREATE TABLE remediation_workflow_catalog (
  workflow_id uuid PRIMARY KEY,
  workflow_name varchar(255) NOT NULL,
  version varchar(50) NOT NULL,
  name varchar(255) NOT NULL,
  description text NOT NULL,
  content text NOT NULL,
  content_hash varchar(64) NOT NULL,
  labels jsonb NOT NULL DEFAULT '{}',
  custom_labels jsonb,
  detected_labels jsonb NOT NULL DEFAULT '{}',
  parameters jsonb,
  execution_engine text NOT NULL,
  container_image text,
  container_digest text,
  owner text,
  maintainer text,
  status varchar(20) NOT NULL,
  disabled_at timestamptz,
  disabled_by text,
  disabled_reason text,
  previous_version text,
  version_notes text,
  change_summary text,
  approved_by text,
  approved_at timestamptz,
  expected_success_rate double precision CHECK (expected_success_rate BETWEEN 0 AND 1),
  expected_duration_seconds integer,
  is_latest_version boolean NOT NULL DEFAULT true,
  total_executions integer NOT NULL DEFAULT 0,
  successful_executions integer NOT NULL DEFAULT 0,
  created_by text,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT remediation_workflow_catalog_version UNIQUE (workflow_name, version),
  CONSTRAINT remediation_workflow_catalog_status
    CHECK (status IN ('active', 'disabled', 'deprecated', 'archived'))
);

CREATE UNIQUE INDEX remediation_workflow_catalog_latest
  ON remediation_workflow_catalog (workflow_name) WHERE is_latest_version;
CREATE INDEX remediation_workflow_catalog_created ON remediation_workflow_catalog (created_at DESC);
CREATE INDEX remediation_workflow_catalog_labels ON remediation_workflow_catalog USING gin (labels);
CREATE INDEX remediation_workflow_catalog_custom_labels
  ON remediation_workflow_catalog USING gin (custom_labels);
CREATE INDEX remediation_workflow_catalog_detected_labels
  ON remediation_workflow_catalog USING gin (detected_labels);
