import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { until } from "./rig/child.ts";
import { useService } from "./rig/running.ts";
import { labels, type Sample, uniqueSignal, workflow } from "./rig/samples.ts";

const running = useService();
const search = (body: unknown) => running.service.client.post("/api/v1/workflows/search", body);

async function create(changes: Sample = {}): Promise<string> {
  const { status, body } = await running.service.client.post("/api/v1/workflows", workflow(changes));
  expect(status).toBe(201);
  return body.workflow_id;
}

async function ids(filters: Sample, more: Sample = {}): Promise<string[]> {
  const { status, body } = await search({ filters, ...more });
  expect(status).toBe(200);
  expect(body.total_results).toBe(body.workflows.length);
  return body.workflows.map((each: Sample) => each["workflow_id"]);
}

describe("hard filter", () => {
  test.each(["signal_type", "severity", "environment", "priority", "component"])(
    "%s must be equal",
    async (label) => {
      const signal_type = uniqueSignal();
      const id = await create({ labels: labels({ signal_type }) });
      expect(await ids(labels({ signal_type }))).toEqual([id]);
      const other = {
        signal_type: "Other",
        severity: "low",
        environment: "staging",
        priority: "P3",
        component: "node",
      }[label];
      expect(await ids(labels({ signal_type, [label]: other }))).toEqual([]);
    },
  );

  test("a workflow for component * fits every component; * elsewhere is only itself", async () => {
    const signal_type = uniqueSignal();
    const id = await create({ labels: labels({ signal_type, component: "*" }) });
    await create({ labels: labels({ signal_type, priority: "*", component: "node" }) });
    await create({ labels: labels({ signal_type, environment: "*", component: "node" }) });
    expect(await ids(labels({ signal_type, component: "anything" }))).toEqual([id]);
    expect(await ids(labels({ signal_type, component: "node" }))).toEqual([id]);
  });

  test("only active ones unless include_disabled; only the latest version", async () => {
    const signal_type = uniqueSignal();
    const workflow_name = `name-${randomUUID()}`;
    await create({ workflow_name, labels: labels({ signal_type }) });
    const latest = await create({ workflow_name, version: "2", labels: labels({ signal_type }) });
    const disabled = await create({ labels: labels({ signal_type }), status: "disabled" });
    const deprecated = await create({ labels: labels({ signal_type }), status: "deprecated" });
    expect(await ids(labels({ signal_type }))).toEqual([latest]);
    expect(await ids(labels({ signal_type }), { include_disabled: true })).toEqual([
      deprecated,
      disabled,
      latest,
    ]);
    expect(await ids(labels({ signal_type, status: "disabled" }), { include_disabled: true })).toEqual([
      disabled,
    ]);
  });
});

describe("request", () => {
  test.each(["signal_type", "severity", "component", "environment", "priority"])(
    "filters.%s is required",
    async (label) => {
      for (const value of [undefined, null]) {
        const { status, body } = await search({ filters: labels({ [label]: value }) });
        expect(status).toBe(400);
        expect(body.resource).toBe("workflow_search");
        expect(Object.keys(body.field_errors)).toEqual([`filters.${label}`]);
      }
    },
  );

  test.each<[string, Sample]>([
    ["filters", { filters: undefined }],
    ["filters", { filters: [] }],
    ["filters.severity", { filters: labels({ severity: "worst" }) }],
    ["filters.priority", { filters: labels({ priority: "*" }) }],
    ["filters.priority", { filters: labels({ priority: "P9" }) }],
    ["top_k", { top_k: 0 }],
    ["top_k", { top_k: 101 }],
    ["top_k", { top_k: "10" }],
    ["min_score", { min_score: -0.1 }],
    ["min_score", { min_score: 1.1 }],
    ["include_disabled", { include_disabled: "yes" }],
    ["filters.custom_labels.team", { filters: labels({ custom_labels: { team: "a" } }) }],
  ])("a bad %s is refused", async (field, change) => {
    const { status, body } = await search({ filters: labels(), ...change });
    expect(status).toBe(400);
    expect(Object.keys(body.field_errors)).toEqual([field]);
  });

  test("null means absent, min_similarity and unknown fields are ignored", async () => {
    const signal_type = uniqueSignal();
    const id = await create({ labels: labels({ signal_type }) });
    const more = { top_k: null, min_score: null, include_disabled: null, query: null, remediation_id: null };
    expect(await ids(labels({ signal_type, custom_labels: null, detected_labels: null }), more)).toEqual([
      id,
    ]);
    expect(await ids(labels({ signal_type }), { min_similarity: 0.99, other: {} })).toEqual([id]);
  });
});

describe("answer", () => {
  test("no match: 200, an empty list, 0, and the filters", async () => {
    const filters = labels({ signal_type: uniqueSignal() });
    const { status, body } = await search({ filters });
    expect([status, body]).toEqual([200, { workflows: [], total_results: 0, filters }]);
  });

  test("the filters are echoed digit by digit", async () => {
    const more = '"other":[9007199254740993,1.0],"detected_labels":{"gitOpsTool":1.50}';
    const filters = JSON.stringify(labels({ signal_type: uniqueSignal() })).replace(/\}$/, `,${more}}`);
    const raw = `{"filters":${filters}}`;
    const { status, text } = await running.service.client.send("POST", "/api/v1/workflows/search", { raw });
    expect([status, text]).toEqual([200, `{"workflows":[],"total_results":0,"filters":${filters}}`]);
  });

  test("an entry has exactly the contract's keys", async () => {
    const signal_type = uniqueSignal();
    const id = await create({
      labels: labels({ signal_type }),
      container_image: "registry/image:1",
      container_digest: "sha256:1",
      custom_labels: { team: ["a"] },
      detected_labels: { pdbProtected: true },
    });
    const filters = labels({
      signal_type,
      detected_labels: { pdbProtected: true },
      custom_labels: { team: ["a"] },
    });
    const { body } = await search({ filters });
    expect(body).toEqual({
      workflows: [
        {
          workflow_id: id,
          title: "Increase memory limits",
          description: "Raises the memory limit of the container that was killed.",
          signal_type,
          container_image: "registry/image:1",
          container_digest: "sha256:1",
          confidence: 0.51,
          label_boost: 0.05,
          label_penalty: 0,
          final_score: 0.51,
          rank: 1,
          custom_labels: { team: ["a"] },
          detected_labels: { pdbProtected: true },
        },
      ],
      total_results: 1,
      filters,
    });
  });

  test("ordered by score, then newest first; ranks from 1; min_score inclusive; top_k cuts", async () => {
    const signal_type = uniqueSignal();
    const plain = await create({ labels: labels({ signal_type }) });
    const better = await create({ labels: labels({ signal_type }), detected_labels: { stateful: true } });
    const best = await create({
      labels: labels({ signal_type }),
      detected_labels: { stateful: true, pdbProtected: true },
    });
    const newer = await create({ labels: labels({ signal_type }) });
    const filters = labels({ signal_type, detected_labels: { stateful: true, pdbProtected: true } });
    const { body } = await search({ filters });
    expect(
      body.workflows.map((each: Sample) => [each["workflow_id"], each["final_score"], each["rank"]]),
    ).toEqual([
      [best, 0.507, 1],
      [better, 0.502, 2],
      [newer, 0.5, 3],
      [plain, 0.5, 4],
    ]);
    expect(await ids(filters, { min_score: 0.502 })).toEqual([best, better]);
    expect(await ids(filters, { min_score: 0.502 + 2 ** -52 })).toEqual([best, better]);
    expect(await ids(filters, { min_score: 0.508 })).toEqual([]);
    expect(await ids(filters, { top_k: 3 })).toEqual([best, better, newer]);
  });

  test("ten at most unless asked otherwise", async () => {
    const signal_type = uniqueSignal();
    await Promise.all(Array.from({ length: 12 }, () => create({ labels: labels({ signal_type }) })));
    expect(await ids(labels({ signal_type }))).toHaveLength(10);
    expect(await ids(labels({ signal_type }), { top_k: 100 })).toHaveLength(12);
  });
});

test("what the service did is in the audit trail, of category workflow", async () => {
  const { client } = running.service;
  const remediation_id = `remediation-${randomUUID()}`;
  const signal_type = uniqueSignal();
  const id = await create({ labels: labels({ signal_type }) });
  await client.patch(`/api/v1/workflows/${id}/disable`, {});
  await search({ remediation_id, filters: labels({ signal_type }) });
  const types = async (correlationId: string, count: number) =>
    until(async () => {
      const { body } = await client.get(`/api/v1/audit/events?correlation_id=${correlationId}`);
      return body.data.length >= count ? body.data : undefined;
    }, "own events are written");
  const ofSearch = await types(remediation_id, 1);
  expect(ofSearch[0]).toMatchObject({
    event_type: "workflow.catalog.search_completed",
    event_category: "workflow",
    event_outcome: "success",
  });
  const ofWorkflow = await types(id, 2);
  expect(ofWorkflow.map((each: Sample) => each["event_type"]).sort()).toEqual([
    "workflow.catalog.created",
    "workflow.catalog.updated",
  ]);
});
