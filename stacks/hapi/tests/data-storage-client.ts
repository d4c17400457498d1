import { expect } from "vitest";

export interface Answer<Body> {
  readonly status: number;
  readonly body: Body;
}

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
}

export interface Workflow {
  readonly workflow_id: string;
  readonly workflow_name: string;
  readonly version: string;
  readonly status: string;
  readonly is_latest_version: boolean;
  readonly detected_labels: Readonly<Record<string, unknown>>;
}

export interface Found {
  readonly workflow_id: string;
  readonly title: string;
  readonly confidence: number;
  readonly label_boost: number;
  readonly label_penalty: number;
  readonly final_score: number;
  readonly rank: number;
  readonly similarity?: number;
}

export interface SearchAnswer {
  readonly workflows: readonly Found[];
  readonly total_results: number;
  readonly filters: object;
}

export interface AuditEvent {
  readonly event_id: string;
  readonly event_type: string;
  readonly event_outcome: string;
  readonly correlation_id: string;
  readonly event_data: object;
}

export interface AuditPage {
  readonly data: readonly AuditEvent[];
  readonly pagination: {
    readonly limit: number;
    readonly offset: number;
    readonly total: number;
    readonly has_more: boolean;
  };
}

export interface DataStorageClient {
  createWorkflow(body: unknown): Promise<Answer<Workflow & Problem>>;
  search(body: unknown): Promise<Answer<SearchAnswer & Problem>>;
  writeEvent(body: unknown): Promise<Answer<{ event_id: string } & Problem>>;
  writeEvents(body: unknown): Promise<Answer<{ event_ids: string[] } & Problem>>;
  readEvents(query: Readonly<Record<string, string>>): Promise<AuditPage>;
  get<Body>(path: string): Promise<Answer<Body>>;
  patch<Body>(path: string, body: unknown): Promise<Answer<Body>>;
}

export function dataStorageClient(url: string): DataStorageClient {
  async function ask<Body>(method: string, path: string, body?: unknown): Promise<Answer<Body>> {
    const response = await fetch(`${url}${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === "" ? undefined : JSON.parse(text)) as Body };
  }
  return {
    createWorkflow: (body) => ask("POST", "/api/v1/workflows", body),
    search: (body) => ask("POST", "/api/v1/workflows/search", body),
    writeEvent: (body) => ask("POST", "/api/v1/audit/events", body),
    writeEvents: (body) => ask("POST", "/api/v1/audit/events/batch", body),
    async readEvents(query) {
      const { status, body } = await ask<AuditPage>(
        "GET",
        `/api/v1/audit/events?${new URLSearchParams(query)}`,
      );
      expect(status).toBe(200);
      return body;
    },
    get: (path) => ask("GET", path),
    patch: (path, body) => ask("PATCH", path, body),
  };
}
