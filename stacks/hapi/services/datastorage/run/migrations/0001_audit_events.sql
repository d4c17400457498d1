CREATE TABLE audit_events (
  event_id uuid NOT NULL,
  event_timestamp timestamptz NOT NULL,
  event_date date NOT NULL,
  event_type varchar(100) NOT NULL,
  version varchar(20) NOT NULL,
  event_category varchar(50) NOT NULL,
  event_action varchar(50) NOT NULL,
  event_outcome varchar(20) NOT NULL CHECK (event_outcome IN ('success', 'failure', 'pending')),
  correlation_id varchar(255) NOT NULL,
  parent_event_id uuid,
  parent_event_date date,
  resource_type varchar(255),
  resource_id varchar(255),
  namespace varchar(255),
  cluster_name varchar(255),
  severity varchar(255) DEFAULT 'info',
  duration_ms bigint,
  error_code varchar(255),
  error_message text,
  actor_id varchar(255),
  actor_type varchar(255),
  retention_days integer NOT NULL DEFAULT 2555,
  is_sensitive boolean NOT NULL DEFAULT false,
  event_data jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (event_id, event_date)
) PARTITION BY RANGE (event_date);

CREATE INDEX audit_events_time ON audit_events (event_timestamp DESC, event_id DESC);
CREATE INDEX audit_events_correlation ON audit_events (correlation_id, event_timestamp DESC);
CREATE INDEX audit_events_type ON audit_events (event_type, event_timestamp DESC);
CREATE INDEX audit_events_resource ON audit_events (resource_type, resource_id);
CREATE INDEX audit_events_data ON audit_events USING gin (event_data);
