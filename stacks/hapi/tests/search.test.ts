import { expect, test } from "vitest";
import { dataStorageClient } from "./data-storage-client.ts";
import { endpoints } from "./endpoints.ts";
import { type Labels, ownLabels, ownName, workflow } from "./workflows.ts";

const dataStorage = dataStorageClient(endpoints.dataStorage);

async function seed(labels: Labels, fields: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const { status, body } = await dataStorage.createWorkflow(
    workflow({ workflow_name: ownName(), labels, ...fields }),
  );
  expect(status).toBe(201);
  return body.workflow_id;
}

async function search(filters: object, options: object = {}) {
  const { status, body } = await dataStorage.search({ filters, ...options });
  expect(status).toBe(200);
  expect(body.total_results).toBe(body.workflows.length);
  return body.workflows;
}

const ids = (found: readonly { workflow_id: string }[]) => found.map(({ workflow_id }) => workflow_id);

test.each([
  ["signal_type", "AnotherSignal"],
  ["severity", "low"],
  ["component", "deployment"],
  ["environment", "staging"],
  ["priority", "P3"],
])("a workflow with another %s is not found", async (label, value) => {
  const labels = ownLabels();
  const id = await seed(labels);
  expect(ids(await search(labels))).toEqual([id]);
  const found = await dataStorage.search({ filters: { ...labels, [label]: value } });
  expect(ids(found.body.workflows)).not.toContain(id);
});

test("a workflow for any component is found for each", async () => {
  const labels = ownLabels({ component: "*" });
  const id = await seed(labels);
  for (const component of ["pod", "node"]) expect(ids(await search({ ...labels, component }))).toEqual([id]);
});

test("a disabled workflow is found only when disabled ones are asked for", async () => {
  const labels = ownLabels();
  const id = await seed(labels, { status: "disabled" });
  expect(await search(labels)).toEqual([]);
  expect(ids(await search(labels, { include_disabled: true }))).toEqual([id]);
});

interface Score {
  readonly rule: string;
  readonly has?: object;
  readonly custom?: object;
  readonly asked?: object;
  readonly askedCustom?: object;
  readonly boost: number;
  readonly penalty?: number;
}

const scores: readonly Score[] = [
  { rule: "nothing asked, nothing there", boost: 0 },
  { rule: "a detected label that was not asked for", has: { gitOpsManaged: true }, boost: 0 },
  { rule: "gitOpsManaged", has: { gitOpsManaged: true }, asked: { gitOpsManaged: true }, boost: 0.1 },
  { rule: "gitOpsTool", has: { gitOpsTool: "argocd" }, asked: { gitOpsTool: "argocd" }, boost: 0.1 },
  { rule: "any gitOpsTool", has: { gitOpsTool: "flux" }, asked: { gitOpsTool: "*" }, boost: 0.05 },
  { rule: "pdbProtected", has: { pdbProtected: true }, asked: { pdbProtected: true }, boost: 0.05 },
  { rule: "serviceMesh", has: { serviceMesh: "istio" }, asked: { serviceMesh: "istio" }, boost: 0.05 },
  { rule: "any serviceMesh", has: { serviceMesh: "linkerd" }, asked: { serviceMesh: "*" }, boost: 0.025 },
  { rule: "another serviceMesh", has: { serviceMesh: "linkerd" }, asked: { serviceMesh: "istio" }, boost: 0 },
  { rule: "networkIsolated", has: { networkIsolated: true }, asked: { networkIsolated: true }, boost: 0.03 },
  { rule: "helmManaged", has: { helmManaged: true }, asked: { helmManaged: true }, boost: 0.02 },
  { rule: "stateful", has: { stateful: true }, asked: { stateful: true }, boost: 0.02 },
  { rule: "hpaEnabled", has: { hpaEnabled: true }, asked: { hpaEnabled: true }, boost: 0.02 },
  { rule: "a boolean asked false", has: { stateful: false }, asked: { stateful: false }, boost: 0 },
  { rule: "gitOpsManaged asked, absent", asked: { gitOpsManaged: true }, boost: 0, penalty: 0.1 },
  { rule: "gitOpsTool asked, absent", asked: { gitOpsTool: "flux" }, boost: 0, penalty: 0.1 },
  {
    rule: "gitOpsTool asked, another there",
    has: { gitOpsTool: "argocd" },
    asked: { gitOpsTool: "flux" },
    boost: 0,
    penalty: 0.1,
  },
  {
    rule: "both asked, both absent",
    asked: { gitOpsManaged: true, gitOpsTool: "argocd" },
    boost: 0,
    penalty: 0.2,
  },
  {
    rule: "custom value",
    custom: { team: ["name=payments"] },
    askedCustom: { team: ["name=payments"] },
    boost: 0.05,
  },
  {
    rule: "custom wildcard",
    custom: { team: ["*"] },
    askedCustom: { team: ["name=payments"] },
    boost: 0.025,
  },
  {
    rule: "custom mismatch",
    custom: { team: ["name=core"] },
    askedCustom: { team: ["name=payments"] },
    boost: 0,
  },
];

test.each(scores)("score: $rule", async ({ has, custom, asked, askedCustom, boost, penalty = 0 }) => {
  const labels = ownLabels();
  await seed(labels, { detected_labels: has, custom_labels: custom });
  const [found, ...more] = await search({ ...labels, detected_labels: asked, custom_labels: askedCustom });
  expect(more).toEqual([]);
  expect(found?.confidence).toBeCloseTo((5 + boost - penalty) / 10, 6);
  expect(found?.final_score).toBe(found?.confidence);
  expect(found?.label_penalty).toBeCloseTo(penalty, 6);
});

test("what scores higher comes first, the newer one among equals, and ranks count from 1", async () => {
  const labels = ownLabels();
  const plainOlder = await seed(labels);
  const boosted = await seed(labels, { detected_labels: { gitOpsManaged: true } });
  const plainNewer = await seed(labels);
  const found = await search({ ...labels, detected_labels: { gitOpsManaged: true } });
  expect(ids(found)).toEqual([boosted, plainNewer, plainOlder]);
  expect(found.map(({ rank }) => rank)).toEqual([1, 2, 3]);
});

test("top_k limits, min_score cuts off", async () => {
  const labels = ownLabels();
  for (const detected_labels of [{}, {}, { stateful: true }]) await seed(labels, { detected_labels });
  expect(await search(labels, { top_k: 2 })).toHaveLength(2);
  const filters = { ...labels, detected_labels: { stateful: true } };
  expect(await search(filters, { min_score: 0.5 })).toHaveLength(3);
  expect(await search(filters, { min_score: 0.501 })).toHaveLength(1);
  expect(await search(filters, { min_score: 0.9 })).toEqual([]);
});

test.each([
  ["a missing filter", { filters: { ...ownLabels(), priority: undefined } }],
  ["an unknown severity", { filters: ownLabels({ severity: "fatal" }) }],
  ["priority *", { filters: ownLabels({ priority: "*" }) }],
  ["top_k 0", { filters: ownLabels(), top_k: 0 }],
  ["top_k 101", { filters: ownLabels(), top_k: 101 }],
  ["min_score 1.5", { filters: ownLabels(), min_score: 1.5 }],
  ["no filters", {}],
])("a search with %s is refused", async (_, body) => {
  const answer = await dataStorage.search(body);
  expect(answer.status).toBe(400);
  expect(answer.body.type).toBe("https://kubernaut.ai/problems/validation-error");
});
