import { expect, test } from "vitest";
import { dataStorageClient, type Workflow } from "./data-storage-client.ts";
import { endpoints } from "./endpoints.ts";
import { catalogue, ownLabels, ownName, workflow } from "./workflows.ts";

const dataStorage = dataStorageClient(endpoints.dataStorage);

test.each(catalogue)("$workflow_name is in the catalogue once, however often it is seeded", async (seed) => {
  // A stack that was up before may have been seeded by somebody else.
  expect([201, 409]).toContain((await dataStorage.createWorkflow(seed)).status);
  const again = await dataStorage.createWorkflow(seed);
  expect(again.status).toBe(409);
  expect(again.body).toMatchObject({
    type: "https://kubernaut.ai/problems/conflict",
    title: "Workflow Already Exists",
    detail: `Workflow '${seed.workflow_name}' version '1.0.0' already exists`,
  });
  const { body } = await dataStorage.get<{ versions: Workflow[]; total: number }>(
    `/api/v1/workflows/by-name/${seed.workflow_name}/versions`,
  );
  expect(body.total).toBe(1);
  const found = await dataStorage.search({ filters: seed.labels, top_k: 100 });
  expect(found.body.workflows.map(({ title }) => title)).toContain(seed.name);
});

test("a new workflow is answered with 201 and all that the server sets, a second time with 409", async () => {
  const seed = workflow({ workflow_name: ownName(), labels: ownLabels() });
  const created = await dataStorage.createWorkflow(seed);
  expect(created.status).toBe(201);
  expect(created.body).toMatchObject({
    ...seed,
    workflow_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    is_latest_version: true,
    total_executions: 0,
    successful_executions: 0,
    detected_labels: {},
  });
  expect((await dataStorage.createWorkflow(seed)).status).toBe(409);
});

test("a new version is the latest, and the only one that is found", async () => {
  const seed = workflow({ workflow_name: ownName(), labels: ownLabels() });
  await dataStorage.createWorkflow(seed);
  const second = await dataStorage.createWorkflow({ ...seed, version: "1.1.0" });
  expect(second.status).toBe(201);
  const { body } = await dataStorage.get<{ versions: Workflow[] }>(
    `/api/v1/workflows/by-name/${seed.workflow_name}/versions`,
  );
  expect(body.versions.map(({ version, is_latest_version }) => [version, is_latest_version])).toEqual([
    ["1.1.0", true],
    ["1.0.0", false],
  ]);
  const found = await dataStorage.search({ filters: seed.labels });
  expect(found.body.workflows.map(({ workflow_id }) => workflow_id)).toEqual([second.body.workflow_id]);
});

test.each([
  ["severity", { labels: ownLabels({ severity: "fatal" }) }],
  ["content_hash", { content_hash: "short" }],
  ["status", { status: "sleeping" }],
  ["workflow_name", { workflow_name: "x".repeat(256) }],
  ["description", { description: undefined }],
])("a workflow with a wrong %s is refused with a problem", async (_, change) => {
  const seed = { ...workflow({ workflow_name: ownName(), labels: ownLabels() }), ...change };
  const { status, body } = await dataStorage.createWorkflow(seed);
  expect(status).toBe(400);
  expect(body).toMatchObject({
    type: "https://kubernaut.ai/problems/validation-error",
    title: "Validation Error",
  });
});

test("description, content and labels of a workflow never change", async () => {
  const created = await dataStorage.createWorkflow(
    workflow({ workflow_name: ownName(), labels: ownLabels() }),
  );
  const path = `/api/v1/workflows/${created.body.workflow_id}`;
  const refused = await dataStorage.patch<{ type: string }>(path, { description: "another" });
  expect(refused.status).toBe(400);
  expect(refused.body.type).toBe("https://kubernaut.ai/problems/immutable-field-violation");
  const changed = await dataStorage.patch<Workflow>(path, { status: "deprecated" });
  expect(changed.status).toBe(200);
  expect((await dataStorage.get<Workflow>(path)).body.status).toBe("deprecated");
});
