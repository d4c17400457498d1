import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { useService } from "./rig/running.ts";
import { labels, type Sample, uniqueSignal, workflow } from "./rig/samples.ts";

const running = useService({ LABEL_WILDCARDS: "documented" });

async function create(changes: Sample) {
  const { status, body } = await running.service.client.post("/api/v1/workflows", workflow(changes));
  expect(status).toBe(201);
  return body;
}

async function ids(filters: Sample): Promise<string[]> {
  const { status, body } = await running.service.client.post("/api/v1/workflows/search", {
    filters,
    top_k: 100,
  });
  expect(status).toBe(200);
  return body.workflows.map((each: Sample) => each["workflow_id"]);
}

const OTHER = { severity: "low", component: "node", environment: "staging", priority: "P3" } as const;

describe.each(Object.entries(OTHER))("%s", (label, other) => {
  test("matches when the filter is absent or *, the workflow lacks it or has *, or they are equal", async () => {
    const signal_type = uniqueSignal();
    const equal = (await create({ labels: labels({ signal_type }) })).workflow_id;
    const lacking = (await create({ labels: labels({ signal_type, [label]: undefined }) })).workflow_id;
    const any = (await create({ labels: labels({ signal_type, [label]: "*" }) })).workflow_id;
    const different = (await create({ labels: labels({ signal_type, [label]: other }) })).workflow_id;
    expect(await ids(labels({ signal_type }))).toEqual([any, lacking, equal]);
    expect(await ids(labels({ signal_type, [label]: undefined }))).toEqual([different, any, lacking, equal]);
    expect(await ids(labels({ signal_type, [label]: "*" }))).toEqual([different, any, lacking, equal]);
  });
});

test("the signal type is no exception", async () => {
  const environment = uniqueSignal();
  const one = (await create({ labels: labels({ environment }) })).workflow_id;
  const any = (await create({ labels: labels({ environment, signal_type: "*" }) })).workflow_id;
  expect(await ids(labels({ environment, signal_type: "Unknown" }))).toEqual([any]);
  // Others of this file lack an environment or have "*": they fit too, and are older.
  expect((await ids(labels({ environment, signal_type: undefined }))).slice(0, 2)).toEqual([any, one]);
});

test("kebab-case keys are accepted", async () => {
  const signal_type = uniqueSignal();
  const different = (await create({ labels: labels({ signal_type: uniqueSignal() }) })).workflow_id;
  const { labels: _, workflow_name, ...rest } = workflow();
  const { status, body } = await running.service.client.post("/api/v1/workflows", {
    ...rest,
    "workflow-name": workflow_name,
    labels: {
      "signal-type": signal_type,
      severity: "high",
      component: "pod",
      environment: "production",
      priority: "P0",
    },
  });
  expect(status).toBe(201);
  expect(body.workflow_name).toBe(workflow_name);
  expect(body.labels.signal_type).toBe(signal_type);
  const found = await ids({ "signal-type": signal_type });
  expect(found).toContain(body.workflow_id);
  expect(found).not.toContain(different);
});

test("labels, content_hash, execution_engine, status and container_digest have defaults", async () => {
  const { status, body } = await running.service.client.post("/api/v1/workflows", {
    workflow_name: uniqueSignal(),
    version: "1",
    name: "n",
    description: "d",
    content: "the content",
    container_image: "registry/image@sha256:0123abc",
  });
  expect(status).toBe(201);
  expect(body).toMatchObject({
    labels: {},
    content_hash: createHash("sha256").update("the content").digest("hex"),
    execution_engine: "tekton",
    status: "active",
    container_digest: "sha256:0123abc",
  });
});

test("what is given wins over defaults, and is checked", async () => {
  const body = await create({
    container_image: "i@sha256:1",
    container_digest: "sha256:2",
    execution_engine: "ansible",
  });
  expect(body).toMatchObject({
    container_digest: "sha256:2",
    execution_engine: "ansible",
    content_hash: "a".repeat(64),
  });
  const { status } = await running.service.client.post("/api/v1/workflows", workflow({ status: "odd" }));
  expect(status).toBe(400);
});
